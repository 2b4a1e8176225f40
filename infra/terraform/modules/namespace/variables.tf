variable "name" {
  description = "What the namespace is called; that of infra/kubernetes by default."
  type        = string
  default     = "data-platform"
}
