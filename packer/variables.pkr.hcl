# What `bake` says.
#
# Packer 1.6.6 has no `regex`: a text of the right form is one of which nothing is left.

variable "region" {
  type        = string
  description = "Region where the image is baked and kept."

  validation {
    condition     = var.region != "" && regex_replace(var.region, "^[a-z]{2}(-[a-z]+)+-[0-9]$", "") == ""
    error_message = "The value of region must be a region's name, such as eu-west-1."
  }
}

variable "pool" {
  type        = string
  description = "Pool that the image is for; part of its name, and a tag."

  validation {
    condition     = var.pool != "" && regex_replace(var.pool, "^[a-z][a-z0-9-]{0,31}$", "") == ""
    error_message = "The value of pool must be 1 to 32 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "os" {
  type        = string
  default     = "debian-12"
  description = "System of the source image."

  validation {
    condition     = contains(["debian-12", "ubuntu-24.04"], var.os)
    error_message = "The value of os must be debian-12 or ubuntu-24.04."
  }
}

variable "architecture" {
  type        = string
  default     = "amd64"
  description = "Architecture in Debian's words; the instance type must be of it."

  validation {
    condition     = contains(["amd64", "arm64"], var.architecture)
    error_message = "The value of architecture must be amd64 or arm64."
  }
}

variable "instance_type" {
  type        = string
  default     = "m6i.large"
  description = "What the bake runs on."

  validation {
    condition     = var.instance_type != "" && regex_replace(var.instance_type, "^[a-z0-9-]+\\.[a-z0-9-]+$", "") == ""
    error_message = "The value of instance_type must be a type's name, such as m6i.large."
  }
}

variable "spot" {
  type        = bool
  default     = false
  description = "Bake on a spot instance, for at most the price on demand."
}

variable "root_gigabytes" {
  type        = number
  default     = 20
  description = "Size of the image's root volume in GiB."

  validation {
    condition     = var.root_gigabytes >= 8 && var.root_gigabytes <= 16384
    error_message = "The value of root_gigabytes must be 8 to 16384."
  }
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "Key of the root volume and the snapshot; empty: the account's key for EBS."
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Subnet of the bake; empty: one of the default VPC."

  validation {
    condition     = regex_replace(var.subnet_id, "^subnet-[0-9a-f]+$", "") == ""
    error_message = "The value of subnet_id must be empty or the id of a subnet."
  }
}

variable "security_group_id" {
  type        = string
  default     = ""
  description = "Security group that lets ssh in; empty: one is made for this bake and deleted with it."

  validation {
    condition     = regex_replace(var.security_group_id, "^sg-[0-9a-f]+$", "") == ""
    error_message = "The value of security_group_id must be empty or the id of a security group."
  }
}

variable "ssh_source_cidrs" {
  type        = list(string)
  default     = []
  description = "Networks that may reach the security group that is made for this bake; empty: the address that Packer comes from (Packer 1.6.6 cannot tell, and lets everybody come)."
}

variable "ssh_interface" {
  type        = string
  default     = ""
  description = "Which address of the instance is spoken to, such as private_ip; empty: Packer chooses."

  validation {
    condition     = contains(["", "public_ip", "private_ip", "public_dns", "private_dns", "session_manager"], var.ssh_interface)
    error_message = "The value of ssh_interface must be empty, public_ip, private_ip, public_dns, private_dns or session_manager."
  }
}

variable "iam_instance_profile" {
  type        = string
  default     = ""
  description = "Instance profile of the bake; it needs none."
}

variable "commit" {
  type        = string
  description = "Commit that the image is baked from."

  validation {
    condition     = var.commit != "" && regex_replace(var.commit, "^[0-9a-f]{7,40}(-dirty)?$", "") == ""
    error_message = "The value of commit must be a commit's hash, with -dirty behind it when files were changed."
  }
}

variable "puppet_digest" {
  type        = string
  description = "Digest of the Puppet tree and the agent's scripts."

  validation {
    condition     = var.puppet_digest != "" && regex_replace(var.puppet_digest, "^[0-9a-f]{12,64}$", "") == ""
    error_message = "The value of puppet_digest must be 12 to 64 hexadecimal digits."
  }
}

variable "builder" {
  type        = string
  description = "Who bakes: a person or a pipeline."

  validation {
    condition     = var.builder != "" && regex_replace(var.builder, "^[A-Za-z0-9 _.:/=+@-]{1,128}$", "") == ""
    error_message = "The value of builder must be 1 to 128 characters that a tag may hold."
  }
}

variable "puppet_dir" {
  type        = string
  description = "The checkout's puppet/ folder."
}

variable "agent_dir" {
  type        = string
  description = "The checkout's scripts/agent/ folder."
}

variable "manifest" {
  type        = string
  default     = "manifest.json"
  description = "File that says what was baked."
}
