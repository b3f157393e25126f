variable "region" {
  description = "AWS region."
  type        = string
  default     = "us-east-1"
}

variable "prefix" {
  description = "First part of every name."
  type        = string
  default     = "workhorse"
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
  description = "The gateway of the controller that agents register at, but for pools with user data of their own."
  type        = object({ url = string, audience = string })
  default     = { url = "https://workhorse.example.com:8443/", audience = "workhorse.example.com" }
}

variable "pools" {
  description = <<-EOT
    The pools by name; each is checked again by the module it goes to.
    policy: the numbers for `modules/policy`, without the name.
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
    scaling           = optional(string, "loop")
    spot              = optional(object({ on_demand_base = optional(number, 0), on_demand_percent = optional(number, 0) }))
    scheduled_sizes   = optional(map(object({ recurrence = string, size = number })), {})
    heartbeat_seconds = optional(number, 3600)
    user_data         = optional(string, "")
  }))
  default = {
    # Everyday builds: on-demand, two agents warm for the start of the working day.
    linux = {
      policy          = { labels = ["linux", "docker"], ceiling = 20, executors = 2, buffer = 1 }
      scheduled_sizes = { morning = { recurrence = "30 6 * * 1-5", size = 2 } }
    }
    # Long tests that may start over: spot, above one agent that stays.
    tests = {
      policy         = { labels = ["tests"], ceiling = 40, idle_seconds = 120 }
      instance_types = ["c5.2xlarge", "c5a.2xlarge", "m5.2xlarge"]
      spot           = { on_demand_base = 1 }
    }
    # No control loop: CloudWatch sizes it.
    nightly = {
      policy  = { labels = ["nightly"], ceiling = 5 }
      scaling = "alarms"
    }
  }
}

variable "agent_parameters" {
  description = "Names of the SSM parameters that agents may read; those that register at the gateway need none."
  type        = list(string)
  default     = []
}

variable "secret_parameters" {
  description = "Names of the SSM parameters that the controller may read."
  type        = list(string)
  default     = ["/workhorse/jenkins-token"]
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of the alarms meant for people."
  type        = list(string)
  default     = []
}

variable "cache" {
  description = "Zones and pools of cache volumes, as `modules/cache-volumes` has them; null: none. A pool here has the same tier in `agent.tier` of its settings."
  type = object({
    zones = list(string)
    pools = map(object({
      tier     = string
      per_zone = optional(number, 1)
      gib      = optional(number, 100)
    }))
  })
  default = null
}
