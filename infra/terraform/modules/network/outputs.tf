output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "The subnets of the cluster and the database."
  value       = [for subnet in aws_subnet.private : subnet.id]
}
