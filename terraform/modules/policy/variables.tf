variable "pool" {
  description = <<-EOT
    The numbers of one pool.
    name: the pool's name, also the `Pool` dimension of its metrics.
    labels: the Jenkins labels its agents carry.
    executors: executors per agent.
    floor, ceiling: the fewest and the most agents.
    buffer: agents wanted beyond demand.
    idle_seconds: how long an agent must have been idle before it may be chosen to leave.
    cool_down_seconds: how long after the last change of size no agent is chosen to leave.
    max_step: the largest change of size that one tick may make.
    boot_seconds: how long an instance without an online node counts as capacity; longer where boots are.
    settle_seconds: the least time between a confirmed cordon and the look that lets an agent go.
    scale_in: whether agents may be chosen to leave at all.
    release: who completes the termination hook, `controller` or `job`.
  EOT
  type = object({
    name              = string
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

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.pool.name))
    error_message = "pool.name is \"${var.pool.name}\"; legal: 1 to 32 of a-z, 0-9 and -, starting with a letter."
  }

  # A label atom may hold nothing that the grammar of label expressions gives a meaning to.
  validation {
    condition     = length(var.pool.labels) > 0 && alltrue([for label in var.pool.labels : can(regex("^[^\\s()\"&|!<>=,]+$", label))])
    error_message = "pool.labels is [${join(", ", var.pool.labels)}]; legal: one or more labels without space, comma, quote or any of ( ) & | ! < > =."
  }

  # A parameter of SSM takes 4096 bytes, and all of this is one; three bytes are four characters of base64.
  validation {
    condition     = length(base64encode(jsonencode(var.pool))) <= 5460
    error_message = "pool.labels are ${length(var.pool.labels)} labels of ${length(join("", var.pool.labels))} characters; legal: so many that the policy as JSON has 4095 bytes."
  }

  validation {
    condition     = length(distinct(var.pool.labels)) == length(var.pool.labels)
    error_message = "pool.labels is [${join(", ", var.pool.labels)}]; legal: each label once."
  }

  validation {
    condition = alltrue([
      for number in [var.pool.executors, var.pool.floor, var.pool.ceiling, var.pool.buffer, var.pool.max_step] :
      floor(number) == number
    ])
    error_message = "pool.executors, floor, ceiling, buffer and max_step are ${var.pool.executors}, ${var.pool.floor}, ${var.pool.ceiling}, ${var.pool.buffer} and ${var.pool.max_step}; legal: whole numbers."
  }

  validation {
    condition     = var.pool.executors >= 1
    error_message = "pool.executors is ${var.pool.executors}; legal: 1 or more."
  }

  validation {
    condition     = var.pool.floor >= 0
    error_message = "pool.floor is ${var.pool.floor}; legal: 0 or more."
  }

  validation {
    condition     = var.pool.ceiling >= var.pool.floor
    error_message = "pool.ceiling is ${var.pool.ceiling}, below pool.floor ${var.pool.floor}; legal: the floor or more."
  }

  validation {
    condition     = var.pool.buffer >= 0 && var.pool.buffer <= max(var.pool.ceiling, 0)
    error_message = "pool.buffer is ${var.pool.buffer}; legal: 0 to pool.ceiling, ${var.pool.ceiling}."
  }

  validation {
    condition     = var.pool.idle_seconds >= 0
    error_message = "pool.idle_seconds is ${var.pool.idle_seconds}; legal: 0 or more."
  }

  validation {
    condition     = var.pool.cool_down_seconds >= 0
    error_message = "pool.cool_down_seconds is ${var.pool.cool_down_seconds}; legal: 0 or more."
  }

  validation {
    condition     = var.pool.max_step >= 1
    error_message = "pool.max_step is ${var.pool.max_step}; legal: 1 or more."
  }

  validation {
    condition     = var.pool.boot_seconds >= 1
    error_message = "pool.boot_seconds is ${var.pool.boot_seconds}; legal: 1 or more."
  }

  # A build that was assigned just before the cordon needs a moment until its executor shows busy.
  validation {
    condition     = var.pool.settle_seconds >= 5
    error_message = "pool.settle_seconds is ${var.pool.settle_seconds}; legal: 5 or more."
  }

  validation {
    condition     = contains(["controller", "job"], var.pool.release)
    error_message = "pool.release is \"${var.pool.release}\"; legal: \"controller\", \"job\"."
  }
}
