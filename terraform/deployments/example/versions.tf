terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39.0, < 7.0.0"
    }
  }

  # Where the state lies is told by `delivery.backend_file`; see backend.example.hcl.
  backend "s3" {}
}
