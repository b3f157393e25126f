# Where a trial differs from AWS: another endpoint, another place to ssh to. All empty on AWS.

variable "ec2_endpoint" {
  type        = string
  default     = ""
  description = "Address of an EC2 that is not Amazon's."
}

variable "ssh_host" {
  type        = string
  default     = ""
  description = "Address to ssh to; empty: the instance's own."
}

variable "ssh_port" {
  type        = number
  default     = 22
  description = "Port to ssh to."
}

variable "ssh_private_key_file" {
  type        = string
  default     = ""
  description = "Key that the instance knows already; empty: a key pair is made for this bake."
}

variable "poll_seconds" {
  type        = number
  default     = 15
  description = "Seconds between two looks at what AWS is doing."

  validation {
    condition     = var.poll_seconds >= 1 && var.poll_seconds <= 60
    error_message = "The value of poll_seconds must be 1 to 60."
  }
}
