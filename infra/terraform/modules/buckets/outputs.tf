output "arns" {
  description = "The buckets by name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}
