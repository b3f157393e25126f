variable "prefix" {
  description = "First part of every name, so that two installations fit in one account."
  type        = string
  default     = "workhorse"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.prefix))
    error_message = "prefix is \"${var.prefix}\"; legal: 1 to 16 of a-z, 0-9 and -, starting with a letter."
  }
}

variable "pools" {
  description = "Names of the pools that images are baked for."
  type        = list(string)

  validation {
    condition     = length(var.pools) > 0 && alltrue([for name in var.pools : can(regex("^[a-z][a-z0-9-]{0,31}$", name))])
    error_message = "pools is [${join(", ", var.pools)}]; legal: one or more names of pools."
  }

  # IAM lets ten policies be attached to a role: one is of the machine, one is left for yours.
  validation {
    condition     = length(distinct(var.pools)) <= 80
    error_message = "pools has ${length(distinct(var.pools))} of them; legal: up to 80. More are the work of another builder, with a prefix of its own."
  }
}

variable "subnet_id" {
  description = "The subnet that machines are baked in: with a way to the package mirrors, and a way in for Packer."
  type        = string

  validation {
    condition     = can(regex("^subnet-[0-9a-f]+$", var.subnet_id))
    error_message = "subnet_id is \"${var.subnet_id}\"; legal: subnet- and hexadecimal digits."
  }
}

variable "ssh_cidrs" {
  description = "Networks that Packer comes from by SSH, as 10.0.0.0/16; empty: nobody comes in, as with Session Manager."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.ssh_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")]) && length(var.ssh_cidrs) <= 60
    error_message = "ssh_cidrs is [${join(", ", var.ssh_cidrs)}]; legal: IPv4 networks, and not all of the world; up to 60, which is what a security group takes."
  }
}

variable "session_manager" {
  description = "Whether the machine may be reached by Session Manager, which gives its role what AWS' own policy for it says."
  type        = bool
  default     = false
}

variable "source_owners" {
  description = "Account ids whose images may be baked upon; Debian's and Canonical's by default."
  type        = list(string)
  default     = ["136693071363", "099720109477"]

  validation {
    condition     = length(var.source_owners) > 0 && length(var.source_owners) <= 50 && alltrue([for owner in var.source_owners : can(regex("^[0-9]{12}$", owner))])
    error_message = "source_owners is [${join(", ", var.source_owners)}]; legal: 1 to 50 ids of twelve digits."
  }
}

variable "kms_key_arn" {
  description = "The KMS key that images are encrypted with; empty: the account's default key for EBS. One of your own must let Auto Scaling's service-linked role use it, or no agent starts."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$", var.kms_key_arn))
    error_message = "kms_key_arn is \"${var.kms_key_arn}\"; legal: empty, or the ARN of a key, not of an alias."
  }
}

variable "spot" {
  description = "Whether machines may be baked on the spot market."
  type        = bool
  default     = false
}

variable "store_prefix" {
  description = "The setting `store.prefix`: path of the SSM parameters of images, for example \"/workhorse\"; empty: a bake writes none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+){0,5}$", var.store_prefix)) && length(var.store_prefix) <= 48
    error_message = "store_prefix is \"${var.store_prefix}\"; legal: empty, or up to five parts of A-Z, a-z, 0-9, _, . and -, each after a /, 48 characters in all."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}

  # AWS takes 50 on a thing, of keys of 128 and values of 256 characters; the rest is for ours.
  validation {
    condition     = length(var.tags) <= 40 && alltrue([for key, value in var.tags : length(key) <= 128 && length(value) <= 256])
    error_message = "tags has ${length(var.tags)} keys, of ${max(0, [for key in keys(var.tags) : length(key)]...)} characters at most, and values of ${max(0, [for value in values(var.tags) : length(value)]...)}; legal: up to 40, of 128 and 256."
  }
}
