variable "name" {
  description = "What the server is called."
  type        = string
}

variable "vpc_id" {
  description = "The network that it is in."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets in two zones or more."
  type        = list(string)
}

variable "client_cidr" {
  description = "The addresses that reach it."
  type        = string
}

variable "kms_key_arn" {
  description = "The key for its disks, backups and password."
  type        = string
}

variable "major_version" {
  description = "PostgreSQL's major version; the platform needs 17 or newer."
  type        = string
  default     = "17"
  validation {
    condition     = tonumber(var.major_version) >= 17
    error_message = "The platform needs PostgreSQL 17 or newer."
  }
}

variable "instance_class" {
  description = "The machine."
  type        = string
  default     = "db.m7g.large"
}

variable "storage_gb" {
  description = "The disk at first, in GB; it grows to four times that."
  type        = number
  default     = 100
}

variable "backup_days" {
  description = "For how many days the server can be brought back to any moment."
  type        = number
  default     = 14
}
