# All modules together. A cluster, its key and a bucket for logs are yours and are there before.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.38"
    }
  }
}

provider "aws" {
  region = var.region
}

provider "kubernetes" {
  config_path = var.kubeconfig
}

module "network" {
  source              = "../modules/network"
  name                = var.name
  zones               = ["${var.region}a", "${var.region}b"]
  flow_log_bucket_arn = "arn:aws:s3:::${var.log_bucket}"
}

module "postgres" {
  source      = "../modules/postgres"
  name        = var.name
  vpc_id      = module.network.vpc_id
  subnet_ids  = module.network.private_subnet_ids
  client_cidr = module.network.cidr
  kms_key_arn = var.kms_key_arn
}

module "buckets" {
  source      = "../modules/buckets"
  prefix      = var.name
  kms_key_arn = var.kms_key_arn
  log_bucket  = var.log_bucket
}

module "namespace" {
  source = "../modules/namespace"
}

output "warehouse_url" {
  description = "For WAREHOUSE_URL, without a login."
  value       = "postgresql://${module.postgres.address}/warehouse?sslmode=require"
}

output "admin_secret_arn" {
  description = "The secret with the password for POSTGRES_ADMIN_URL."
  value       = module.postgres.admin_secret_arn
}
