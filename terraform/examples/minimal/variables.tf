variable "region" {
  description = "AWS region."
  type        = string
  default     = "us-east-1"
}

variable "subnet_ids" {
  description = "Subnets to launch agents in."
  type        = list(string)
}

variable "image_id" {
  description = "The AMI of the agents."
  type        = string
}

variable "gateway" {
  description = "The gateway of the controller that agents register at: its URL and the audience they sign for."
  type        = object({ url = string, audience = string })
}
