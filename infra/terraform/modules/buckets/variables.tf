variable "prefix" {
  description = "How the names begin, which are the world's: one of your own."
  type        = string
}

variable "names" {
  description = "The buckets."
  type        = set(string)
  default     = ["landing", "exports"]
}

variable "kms_key_arn" {
  description = "The key that encrypts them."
  type        = string
}

variable "log_bucket" {
  description = "The bucket in which access is logged."
  type        = string
}

variable "old_version_days" {
  description = "For how many days a version that was overwritten or deleted is kept."
  type        = number
  default     = 90
}
