variable "name" {
  description = "First part of every name."
  type        = string
  default     = "workhorse"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name is \"${var.name}\"; legal: 1 to 32 of a-z, 0-9 and -, starting with a letter."
  }
}

variable "runs_on" {
  description = "Where the loops run, and so who may take the role: `ec2` instances or `ecs-tasks`."
  type        = string
  default     = "ec2"

  validation {
    condition     = contains(["ec2", "ecs-tasks"], var.runs_on)
    error_message = "runs_on is \"${var.runs_on}\"; legal: \"ec2\", \"ecs-tasks\"."
  }
}

variable "pools" {
  description = <<-EOT
    The pools it works for, by name.
    policy_json: output `json` of `modules/policy`.
    The rest: output `grants` of `modules/agent-pool`.
  EOT
  type = map(object({
    policy_json  = string
    deployment   = string
    group_arn    = string
    queue_arn    = string
    key_arn      = string
    template_arn = string
    role_arn     = string
    network_arns = list(string)
  }))

  validation {
    condition     = length(var.pools) > 0
    error_message = "pools is empty; legal: one or more."
  }

  # As long as modules/policy lets them be: pools.tf counts on it.
  validation {
    condition     = alltrue([for name in keys(var.pools) : can(regex("^[a-z][a-z0-9-]{0,31}$", name))])
    error_message = "pools has the keys ${join(", ", keys(var.pools))}; legal: names of 1 to 32 of a-z, 0-9 and -, starting with a letter."
  }

  # A policy holds seven of them by name, and IAM lets ten be attached to a role: one is left for yours.
  validation {
    condition     = length(var.pools) <= 63
    error_message = "pools has ${length(var.pools)} of them; legal: up to 63. More are the work of another controller, with a name and a prefix of its own."
  }

  validation {
    condition     = alltrue([for name, pool in var.pools : try(jsondecode(pool.policy_json).name, "") == name])
    error_message = "pools has the keys ${join(", ", keys(var.pools))} for policies named ${join(", ", [for pool in values(var.pools) : try(jsondecode(pool.policy_json).name, "?")])}; legal: each policy under its own name."
  }
}

variable "secret_parameters" {
  description = "Names of the SSM parameters that the controller may read, for example its Jenkins token."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.secret_parameters : can(regex("^/[A-Za-z0-9_./-]+$", name))])
    error_message = "secret_parameters is [${join(", ", var.secret_parameters)}]; legal: full names that start with /, without wildcards."
  }
}

variable "secrets" {
  description = "Names of the Secrets Manager secrets that the controller may read, for example its Jenkins token."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.secrets : can(regex("^[A-Za-z0-9_.+=@/-]+$", name))])
    error_message = "secrets is [${join(", ", var.secrets)}]; legal: names without wildcards."
  }
}

variable "store_prefix" {
  description = <<-EOT
    The setting `store.prefix`: path of the SSM parameters of images and rollouts, for example "/workhorse".
    Empty: the controller may do nothing that only a rollout needs.
  EOT
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+){0,5}$", var.store_prefix)) && length(var.store_prefix) <= 48
    error_message = "store_prefix is \"${var.store_prefix}\"; legal: empty, or up to five parts of A-Z, a-z, 0-9, _, . and -, each after a /, 48 characters in all."
  }
}

variable "volume_key_arns" {
  description = "KMS keys of the agents' volumes and of cache volumes, where they are your own: a canary's volumes are encrypted with them, and cache volumes attached. The account's default key for EBS needs none."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.volume_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "volume_key_arns is [${join(", ", var.volume_key_arns)}]; legal: ARNs of keys, not of aliases."
  }
}

variable "prefer_warm_zone" {
  description = "Whether a pool's setting `agent.prefer_warm_zone` is on: the controller may then launch in a zone of its choice."
  type        = bool
  default     = false
}

variable "late_location" {
  description = <<-EOT
    The setting `gateway.late`: where late configuration lies, "s3://BUCKET/PREFIX" or "ssm:/PATH". The bucket, of its own, is yours to make.
    Empty: nothing of it may be read.
  EOT
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+){0,5}/?|ssm:(/[A-Za-z0-9_.-]+){1,5}/?)?$", var.late_location)) && length(var.late_location) <= 96
    error_message = "late_location is \"${var.late_location}\"; legal: empty, \"s3://BUCKET/PREFIX\" or \"ssm:/PATH\", up to five parts each, without wildcards, 96 characters in all."
  }
}

variable "log_days" {
  description = "How many days the log is kept."
  type        = number
  default     = 365

  # What CloudWatch Logs offers and every supported provider knows.
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_days)
    error_message = "log_days is ${var.log_days}; legal: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653."
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
