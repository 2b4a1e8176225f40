output "address" {
  description = "Host of the server, for WAREHOUSE_URL."
  value       = aws_db_instance.this.address
}

output "admin_secret_arn" {
  description = "The secret with the administrator's password, for postgres-init."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
