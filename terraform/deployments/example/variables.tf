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

variable "gateway" {
  description = <<-EOT
    The gateway of the controller that agents register at, which gives them a node and a secret for it; null where every pool has user data of its own.
    url: its root as agents reach it.
    audience: the setting `gateway.audience`.
  EOT
  type        = object({ url = string, audience = string })
  default     = null
}

variable "controller_parameters" {
  description = "Names of the SSM parameters (SecureString) that the controller reads: the token of its Jenkins user, and the registration tokens where there are some."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setintersection(var.controller_parameters, flatten(values(var.pools)[*].agent_parameters))) == 0
    error_message = "controller_parameters is [${join(", ", var.controller_parameters)}]; legal: none that agents read, for every build can read it as well."
  }
}

variable "late_location" {
  description = "The setting `gateway.late`: where late configuration lies; empty where there is none."
  type        = string
  default     = ""
}

variable "pools" {
  description = <<-EOT
    The pools by name; each is checked again by the module it goes to.
    policy: the numbers for `modules/policy`, without the name.
    user_data: how agents register, for a pool whose agents do not use `gateway`; `agent_parameters` is what they read for it.
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
    instance_types    = optional(list(string), ["m5.large"])
    root_volume       = optional(object({ device = optional(string), gib = optional(number), iops = optional(number), throughput = optional(number) }), {})
    scaling           = optional(string, "loop")
    spot              = optional(object({ on_demand_base = optional(number, 0), on_demand_percent = optional(number, 0) }))
    scheduled_sizes   = optional(map(object({ recurrence = string, size = number })), {})
    heartbeat_seconds = optional(number, 3600)
    matrix_rollouts   = optional(bool, false)
    user_data         = optional(string, "")
    user_data_lines   = optional(map(string), {})
    agent_parameters  = optional(list(string), [])
  }))
  default = {}
}

variable "cache" {
  description = <<-EOT
    Cache volumes for agents, as inputs of `modules/cache-volumes`; null for none.
    A pool has the same tier in `agent.tier` of its settings.
    prefer_warm_zone: lets the controller launch where a free volume lies, which that setting asks for.
  EOT
  type = object({
    zones            = list(string)
    kms_key_arn      = optional(string, "")
    prefer_warm_zone = optional(bool, false)
    pools = map(object({
      tier        = string
      per_zone    = optional(number, 1)
      gib         = optional(number, 100)
      iops        = optional(number, 3000)
      throughput  = optional(number, 250)
      snapshot_id = optional(string)
    }))
  })
  default = null
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
