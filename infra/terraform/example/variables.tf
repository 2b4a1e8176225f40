variable "name" {
  description = "How everything is called."
  type        = string
  default     = "data-platform"
}

variable "region" {
  description = "The region of AWS."
  type        = string
}

variable "kubeconfig" {
  description = "The file that leads to the cluster."
  type        = string
  default     = "~/.kube/config"
}

variable "kms_key_arn" {
  description = "The key that encrypts disks, backups and buckets."
  type        = string
}

variable "log_bucket" {
  description = "The name of a bucket for access logs and refused connections."
  type        = string
}
