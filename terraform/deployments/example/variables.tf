variable "region" {
  description = "AWS region."
  type        = string
}

variable "prefix" {
  description = "First part of every name."
  type        = string
  default     = "workhorse"
}

variable "store_prefix" {
  description = "The setting `store.prefix`: path of the SSM parameters of images and rollouts."
  type        = string
  default     = "/workhorse"
}

variable "subnet_ids" {
  description = "Subnets to launch agents in."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the agents; empty means the default group of the VPC."
  type        = list(string)
  default     = []
}

variable "images" {
  description = "Pool -> AMI of its agents; `./inv plan` passes what the image store holds."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.pools) : can(regex("^ami-[0-9a-f]+$", var.images[name]))])
    error_message = "images has ${join(", ", [for name in keys(var.pools) : "${name} = ${try(var.images[name], "none")}"])}; legal: an AMI for every pool. Bake one, or name one by --image."
  }
}

variable "jenkins" {
  description = <<-EOT
    The Jenkins that agents register with.
    url: its root, with a slash at the end.
    user: the user whose API token they use; every build can read it, so it may create and connect agents only.
    token_parameter: name of the SSM parameter (SecureString) that holds the token.
  EOT
  type = object({
    url             = string
    user            = string
    token_parameter = string
  })

  # What an agent takes for an address.
  validation {
    condition     = can(regex("^https?://[^/\\s'\"\\\\$]+/([^\\s'\"\\\\$]*/)?$", var.jenkins.url))
    error_message = "jenkins.url is \"${var.jenkins.url}\" of ${var.jenkins.user}; legal: http:// or https://, with a slash at the end, without space, quote, \\ or $."
  }

  validation {
    condition     = can(regex("^[^[:cntrl:]]+$", var.jenkins.user))
    error_message = "jenkins.user is \"${var.jenkins.user}\"; legal: one line."
  }
}

variable "controller_parameters" {
  description = "Names of the SSM parameters (SecureString) that the controller reads: the token of its own Jenkins user."
  type        = list(string)
  default     = []

  validation {
    condition     = !contains(var.controller_parameters, var.jenkins.token_parameter)
    error_message = "controller_parameters is [${join(", ", var.controller_parameters)}]; legal: a token of its own, not that of ${var.jenkins.user}, which every build can read."
  }
}

variable "pools" {
  description = <<-EOT
    The pools by name; each is checked again by the module it goes to.
    policy: the numbers for `modules/policy`, without the name.
    exclusive: builds without a label do not run there.
    The rest are inputs of `modules/agent-pool` under their own names.
  EOT
  type = map(object({
    policy = object({
      labels            = list(string)
      ceiling           = number
      executors         = optional(number, 1)
      floor             = optional(number, 0)
      buffer            = optional(number, 0)
      idle_seconds      = optional(number, 300)
      cool_down_seconds = optional(number, 60)
      max_step          = optional(number, 50)
      boot_seconds      = optional(number, 300)
      settle_seconds    = optional(number, 15)
      scale_in          = optional(bool, true)
      release           = optional(string, "controller")
    })
    exclusive         = optional(bool, false)
    instance_types    = optional(list(string), ["m5.large"])
    root_volume       = optional(object({ device = optional(string), gib = optional(number), iops = optional(number), throughput = optional(number) }), {})
    scaling           = optional(string, "loop")
    spot              = optional(object({ on_demand_base = optional(number, 0), on_demand_percent = optional(number, 0) }))
    scheduled_sizes   = optional(map(object({ recurrence = string, size = number })), {})
    heartbeat_seconds = optional(number, 3600)
    matrix_rollouts   = optional(bool, false)
  }))
  default = {}
}

variable "bake" {
  description = <<-EOT
    What a bake needs of this account; null where images come from elsewhere.
    pools: the pools that images are baked for, also before they are there.
    The rest are inputs of `modules/image-builder` under their own names.
  EOT
  type = object({
    pools       = list(string)
    subnet_id   = string
    ssh_cidrs   = optional(list(string), [])
    kms_key_arn = optional(string, "")
    spot        = optional(bool, false)
  })
  default = null
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of the alarms meant for people."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything, beside the ones of workhorse."
  type        = map(string)
  default     = {}
}
