variable "prefix" {
  description = "First part of every name, so that two installations fit in one account."
  type        = string
  default     = "workhorse"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.prefix))
    error_message = "prefix is \"${var.prefix}\"; legal: 1 to 16 of a-z, 0-9 and -, starting with a letter."
  }
}

variable "zones" {
  description = "The Availability Zones of the pools' subnets: a volume serves its own zone alone."
  type        = list(string)

  validation {
    condition     = length(var.zones) > 0 && alltrue([for zone in var.zones : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", zone))])
    error_message = "zones is [${join(", ", var.zones)}]; legal: one or more zones, as eu-west-1a."
  }

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones)
    error_message = "zones is [${join(", ", var.zones)}]; legal: each zone once."
  }
}

variable "pools" {
  description = <<-EOT
    The pools whose agents claim volumes, by name.
    tier: the trust of the builds that run there, as `agent.tier` of the pool's settings says: `trunk` or `pull-request`.
    per_zone: volumes in each zone; as many as agents run there at once get one each.
    gib: size of each; a volume may grow, and not shrink.
    iops, throughput: as gp3 has them, in operations and MiB a second.
    snapshot_id: what new volumes begin with, an ext4 file system; null: empty.
  EOT
  type = map(object({
    tier        = string
    per_zone    = optional(number, 1)
    gib         = optional(number, 100)
    iops        = optional(number, 3000)
    throughput  = optional(number, 250)
    snapshot_id = optional(string)
  }))

  validation {
    condition     = length(var.pools) > 0 && alltrue([for name in keys(var.pools) : can(regex("^[a-z][a-z0-9-]{0,31}$", name))])
    error_message = "pools has [${join(", ", keys(var.pools))}]; legal: one or more, each 1 to 32 of a-z, 0-9 and -, starting with a letter."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : contains(["trunk", "pull-request"], pool.tier)])
    error_message = "pools has the tiers [${join(", ", values(var.pools)[*].tier)}]; legal: \"trunk\", \"pull-request\"."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : floor(pool.per_zone) == pool.per_zone && pool.per_zone >= 1 && pool.per_zone <= 100])
    error_message = "pools has per_zone of [${join(", ", values(var.pools)[*].per_zone)}]; legal: whole numbers from 1 to 100."
  }

  # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
  validation {
    condition     = alltrue([for pool in values(var.pools) : floor(pool.gib) == pool.gib && pool.gib >= 1 && pool.gib <= 16384])
    error_message = "pools has gib of [${join(", ", values(var.pools)[*].gib)}]; legal: whole numbers from 1 to 16384."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.iops >= 3000 && pool.iops <= 16000 && (pool.iops == 3000 || pool.iops <= 500 * pool.gib)])
    error_message = "pools has iops of [${join(", ", values(var.pools)[*].iops)}]; legal: 3000 to 16000, and above 3000 no more than 500 for each GiB."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.throughput >= 125 && pool.throughput <= 1000 && 4 * pool.throughput <= pool.iops])
    error_message = "pools has throughput of [${join(", ", values(var.pools)[*].throughput)}]; legal: 125 to 1000, and no more than a quarter of iops."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.snapshot_id == null || can(regex("^snap-[0-9a-f]+$", pool.snapshot_id))])
    error_message = "pools has snapshot_id of [${join(", ", [for pool in values(var.pools) : coalesce(pool.snapshot_id, "null")])}]; legal: null, or snap- and hexadecimal digits."
  }
}

variable "kms_key_arn" {
  description = "The KMS key that volumes are encrypted with; empty: the account's default key for EBS. One of your own must let the controller's role use it through EC2, or no volume is attached."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$", var.kms_key_arn))
    error_message = "kms_key_arn is \"${var.kms_key_arn}\"; legal: empty, or the ARN of a key, not of an alias."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(key, "workhorse:")])
    error_message = "tags has [${join(", ", keys(var.tags))}]; legal: names that do not begin with workhorse:, which are the volumes' memory."
  }

  # AWS takes 50 on a thing, of keys of 128 and values of 256 characters; the rest is for ours.
  validation {
    condition     = length(var.tags) <= 40 && alltrue([for key, value in var.tags : length(key) <= 128 && length(value) <= 256])
    error_message = "tags has ${length(var.tags)} keys, of ${max(0, [for key in keys(var.tags) : length(key)]...)} characters at most, and values of ${max(0, [for value in values(var.tags) : length(value)]...)}; legal: up to 40, of 128 and 256."
  }
}
