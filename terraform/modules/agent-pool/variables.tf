variable "policy" {
  description = "The output `policy` of `modules/policy`; what is not named here is the control loop's alone."
  type = object({
    name         = string
    labels       = list(string)
    executors    = number
    floor        = number
    ceiling      = number
    max_step     = number
    boot_seconds = number
    release      = string
  })

  # Every name of the pool is made of it: of an IAM role's 64 characters, 16 are the prefix and 6 "-agent".
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.policy.name))
    error_message = "policy.name is \"${var.policy.name}\"; legal: 1 to 32 of a-z, 0-9 and -, starting with a letter."
  }
}

variable "prefix" {
  description = "First part of every name, so that two installations fit in one account."
  type        = string
  default     = "workhorse"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.prefix))
    error_message = "prefix is \"${var.prefix}\"; legal: 1 to 16 of a-z, 0-9 and -, starting with a letter."
  }
}

variable "image_id" {
  description = "The AMI that agents boot from. A new one makes a new template version, which a rollout has the group launch."
  type        = string

  validation {
    condition     = can(regex("^ami-[0-9a-f]+$", var.image_id))
    error_message = "image_id is \"${var.image_id}\"; legal: ami- and hexadecimal digits."
  }
}

variable "instance_types" {
  description = "Instance types by preference; on-demand takes the first that has room. All of one architecture."
  type        = list(string)

  validation {
    condition     = length(var.instance_types) >= 1 && length(distinct(var.instance_types)) == length(var.instance_types) && length(var.instance_types) <= 40
    error_message = "instance_types is [${join(", ", var.instance_types)}]; legal: 1 to 40, which is what a group takes, each once."
  }
}

variable "subnet_ids" {
  description = "Subnets to launch in, one or more per availability zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 1 && length(distinct(var.subnet_ids)) == length(var.subnet_ids)
    error_message = "subnet_ids is [${join(", ", var.subnet_ids)}]; legal: one or more, each once."
  }
}

variable "security_group_ids" {
  description = "Security groups of the agents; empty means the default group of the VPC. Agents need no way in."
  type        = list(string)
  default     = []

  # A network interface takes 5, and 16 where AWS raised that for the account; launches fail beyond it.
  validation {
    condition     = length(var.security_group_ids) <= 16
    error_message = "security_group_ids is [${join(", ", var.security_group_ids)}]; legal: up to 16."
  }
}

variable "gateway" {
  description = <<-EOT
    The gateway that agents register at by proving which instance they are; null where `user_data` says how they register.
    url: its root as agents reach it.
    audience: the setting `gateway.audience`, which they sign for.
  EOT
  type        = object({ url = string, audience = string })
  default     = null

  validation {
    condition     = var.gateway == null || (can(regex("^https?://[^/\\s'\"\\\\$]{1,255}/?$", var.gateway.url)) && can(regex("^[A-Za-z0-9.:/_-]{1,255}$", var.gateway.audience)))
    error_message = "gateway.url is \"${try(var.gateway.url, "")}\" and gateway.audience \"${try(var.gateway.audience, "")}\"; legal: http:// or https://, a name, perhaps a port, up to 255 without space, quote, \\ or $; 1 to 255 of letters, digits, ., :, /, _ and -."
  }
}

variable "user_data" {
  description = <<-EOT
    What the image reads at boot, where agents do not register at `gateway` as the instance they are: lines of NAME=value, of which the last one wins.
    A canary gets two lines more, AGENT_LABELS and AGENT_MODE.
    Readable by every build on the agent: no secret belongs here.
  EOT
  type        = string
  default     = ""

  # EC2 takes 16384 bytes, before base64; the rest is for a canary's lines. Three bytes are four
  # characters of base64, and a character may be several bytes.
  validation {
    condition     = length(base64encode(var.user_data)) <= 16128 / 3 * 4
    error_message = "user_data is ${floor(length(base64encode(var.user_data)) / 4 * 3)} bytes long; legal: up to 16128."
  }

  # An agent that is told nothing powers itself off, and one told of two ways would take either.
  validation {
    condition     = (var.user_data == "") != (var.gateway == null)
    error_message = "user_data is ${length(var.user_data)} characters long and gateway is ${var.gateway == null ? "null" : "given"}; legal: exactly one of the two."
  }
}

variable "user_data_lines" {
  description = "More lines of user data for the way of `gateway`: name => value, for what your own image reads. No secret belongs here either."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.user_data_lines) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("^(AGENT_WAY|AWS_REGION|GATEWAY_.*)$", name)) && var.gateway != null])
    error_message = "user_data_lines has the names ${join(", ", keys(var.user_data_lines))}; legal: capitals, digits and _, none that `gateway` says, and none without it."
  }

  validation {
    condition     = !can(regex("[[:cntrl:]]", join("", values(var.user_data_lines))))
    error_message = "user_data_lines has the lines ${join(", ", [for name, value in var.user_data_lines : name if can(regex("[[:cntrl:]]", value))])}, which are more than one; legal: one line each, without control characters."
  }

  # As they are written in template.tf, where a quote becomes four characters.
  validation {
    condition     = length(base64encode(join("", [for name, value in var.user_data_lines : "${name}='${replace(value, "'", "'\\''")}'\n"]))) <= 14400 / 3 * 4
    error_message = "user_data_lines is ${length(join("", values(var.user_data_lines)))} characters of values; legal: 14400 bytes in all with names and quotes."
  }
}

variable "root_volume" {
  description = "The encrypted gp3 root volume: device name as in the image, size in GiB, IOPS, throughput in MiB/s."
  type = object({
    device     = optional(string, "/dev/xvda")
    gib        = optional(number, 50)
    iops       = optional(number, 3000)
    throughput = optional(number, 125)
  })
  default = {}

  # The limits of gp3: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
  validation {
    condition     = var.root_volume.gib >= 1 && var.root_volume.gib <= 16384 && floor(var.root_volume.gib) == var.root_volume.gib
    error_message = "root_volume.gib is ${var.root_volume.gib}; legal: whole numbers from 1 to 16384."
  }

  validation {
    condition     = var.root_volume.iops >= 3000 && var.root_volume.iops <= 16000 && (var.root_volume.iops == 3000 || var.root_volume.iops <= 500 * var.root_volume.gib)
    error_message = "root_volume.iops is ${var.root_volume.iops}; legal: 3000 to 16000, and above 3000 no more than 500 for each GiB."
  }

  validation {
    condition     = var.root_volume.throughput >= 125 && var.root_volume.throughput <= 1000 && 4 * var.root_volume.throughput <= var.root_volume.iops
    error_message = "root_volume.throughput is ${var.root_volume.throughput}; legal: 125 to 1000, and no more than a quarter of root_volume.iops."
  }
}

variable "spot" {
  description = "Buy on the spot market what exceeds `on_demand_base` agents, less `on_demand_percent` of it; null means on-demand only."
  type = object({
    on_demand_base    = optional(number, 0)
    on_demand_percent = optional(number, 0)
  })
  default = null

  validation {
    condition     = try(var.spot.on_demand_base, 0) >= 0
    error_message = "spot.on_demand_base is ${try(var.spot.on_demand_base, 0)}; legal: 0 or more."
  }

  validation {
    condition     = try(var.spot.on_demand_percent, 0) >= 0 && try(var.spot.on_demand_percent, 0) <= 100
    error_message = "spot.on_demand_percent is ${try(var.spot.on_demand_percent, 0)}; legal: 0 to 100."
  }
}

variable "scaling" {
  description = "Who writes the desired capacity: `loop`, the control loop of workhorse, or `alarms`, CloudWatch."
  type        = string
  default     = "loop"

  validation {
    condition     = contains(["loop", "alarms"], var.scaling)
    error_message = "scaling is \"${var.scaling}\"; legal: \"loop\", \"alarms\"."
  }
}

variable "scheduled_sizes" {
  description = <<-EOT
    Sizes to jump to at fixed times: name -> cron expression in UTC and number of agents.
    A size is a push, not a floor: idle agents leave again by the pool's own rules.
    It is exact at its time: a pool that is larger then shrinks to it, through the hook.
  EOT
  type        = map(object({ recurrence = string, size = number }))
  default     = {}

  validation {
    condition     = length(var.scheduled_sizes) <= 125
    error_message = "scheduled_sizes has ${length(var.scheduled_sizes)} of them; legal: up to 125, which is what a group takes."
  }

  validation {
    condition     = alltrue([for at in values(var.scheduled_sizes) : length(split(" ", at.recurrence)) == 5])
    error_message = "scheduled_sizes has recurrence ${join(", ", [for at in values(var.scheduled_sizes) : "\"${at.recurrence}\""])}; legal: five cron fields with one space between."
  }

  validation {
    condition     = alltrue([for at in values(var.scheduled_sizes) : at.size >= var.policy.floor && at.size <= var.policy.ceiling])
    error_message = "scheduled_sizes has sizes ${join(", ", [for at in values(var.scheduled_sizes) : at.size])}; legal: from policy.floor ${var.policy.floor} to policy.ceiling ${var.policy.ceiling}."
  }
}

variable "heartbeat_seconds" {
  description = "How long Auto Scaling waits for a sign of life from the drainer before it ends an instance."
  type        = number
  default     = 3600

  # The range that PutLifecycleHook takes; 100 times this, at most 48 hours, bounds a drain.
  validation {
    condition     = var.heartbeat_seconds >= 30 && var.heartbeat_seconds <= 7200
    error_message = "heartbeat_seconds is ${var.heartbeat_seconds}; legal: 30 to 7200."
  }
}

variable "agent_parameters" {
  description = "Names of the SSM parameters that agents may read. By `gateway` they need none; a registration token or the password of the Swarm plugin would be one."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.agent_parameters : can(regex("^/[A-Za-z0-9_./-]+$", name))])
    error_message = "agent_parameters is [${join(", ", var.agent_parameters)}]; legal: full names that start with /, without wildcards."
  }

  # An inline policy may have 10240 characters; each name is there as an ARN.
  validation {
    condition     = length(join("", var.agent_parameters)) + 64 * length(var.agent_parameters) <= 9000
    error_message = "agent_parameters has ${length(var.agent_parameters)} names of ${length(join("", var.agent_parameters))} characters; legal: together with 64 for each up to 9000."
  }
}

variable "matrix_rollouts" {
  description = "Whether agents may end themselves, and so each other: the strategy `matrix` of rollouts needs it, the other two do not."
  type        = bool
  default     = false
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of the alarms meant for people; without any, alarms only show in CloudWatch."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.alarm_topic_arns) <= 5
    error_message = "alarm_topic_arns is [${join(", ", var.alarm_topic_arns)}]; legal: up to 5, which is what an alarm takes."
  }
}

variable "alarm_after" {
  description = "When people are called, in seconds: the oldest job has waited `wait`, the oldest message is `drain` old."
  type = object({
    wait  = optional(number, 900)
    drain = optional(number, 14400)
  })
  default = {}

  validation {
    condition     = var.alarm_after.wait >= 60 && var.alarm_after.drain >= 60
    error_message = "alarm_after.wait is ${var.alarm_after.wait} and alarm_after.drain ${var.alarm_after.drain}; legal: 60 or more."
  }
}

variable "tags" {
  description = "Tags of everything, agents and their volumes too."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : key != "Name" && !startswith(key, "workhorse:")])
    error_message = "tags has the keys ${join(", ", keys(var.tags))}; legal: any but \"Name\" and what starts with \"workhorse:\"."
  }

  # AWS takes 50 on a thing, of keys of 128 and values of 256 characters; the rest is for ours.
  validation {
    condition     = length(var.tags) <= 40 && alltrue([for key, value in var.tags : length(key) <= 128 && length(value) <= 256])
    error_message = "tags has ${length(var.tags)} keys, of ${max(0, [for key in keys(var.tags) : length(key)]...)} characters at most, and values of ${max(0, [for value in values(var.tags) : length(value)]...)}; legal: up to 40, of 128 and 256."
  }
}
