variable "name" {
  description = "What the network is called."
  type        = string
}

variable "cidr" {
  description = "Its addresses, at least a /20: each zone gets a sixteenth."
  type        = string
  default     = "10.20.0.0/16"
}

variable "zones" {
  description = "The availability zones, two or more for the database."
  type        = list(string)
  validation {
    condition     = length(var.zones) >= 2
    error_message = "Name two availability zones or more."
  }
}

variable "flow_log_bucket_arn" {
  description = "The bucket in which refused connections are logged."
  type        = string
}
