# One installation: its pools, and the controller that works for them. Copy this folder, or call it
# from a repository of yours; `./inv plan` and `./inv apply` deliver it.

provider "aws" {
  region = var.region
}

module "policy" {
  source   = "../../modules/policy"
  for_each = var.pools

  pool = merge(each.value.policy, { name = each.key })
}

module "pool" {
  source   = "../../modules/agent-pool"
  for_each = var.pools

  prefix             = var.prefix
  policy             = module.policy[each.key].policy
  image_id           = var.images[each.key]
  instance_types     = each.value.instance_types
  subnet_ids         = var.subnet_ids
  security_group_ids = var.security_group_ids
  root_volume        = each.value.root_volume
  gateway            = each.value.user_data == "" ? var.gateway : null
  user_data          = each.value.user_data
  user_data_lines    = each.value.user_data_lines
  spot               = each.value.spot
  scaling            = each.value.scaling
  scheduled_sizes    = each.value.scheduled_sizes
  heartbeat_seconds  = each.value.heartbeat_seconds
  matrix_rollouts    = each.value.matrix_rollouts
  agent_parameters   = each.value.agent_parameters
  alarm_topic_arns   = var.alarm_topic_arns
  tags               = local.tags
}

# Disks that stay warm between agents; the agents of a pool claim those of its tier.
module "cache_volumes" {
  source = "../../modules/cache-volumes"
  count  = var.cache == null ? 0 : 1

  prefix      = var.prefix
  zones       = var.cache.zones
  pools       = var.cache.pools
  kms_key_arn = var.cache.kms_key_arn
  tags        = local.tags
}

module "image_builder" {
  source = "../../modules/image-builder"
  count  = var.bake == null ? 0 : 1

  prefix       = var.prefix
  pools        = var.bake.pools
  subnet_id    = var.bake.subnet_id
  ssh_cidrs    = var.bake.ssh_cidrs
  kms_key_arn  = var.bake.kms_key_arn
  spot         = var.bake.spot
  store_prefix = var.store_prefix
  tags         = local.tags
}

# Its role is written for its pools: without any there is nothing to run.
module "control_plane" {
  source = "../../modules/control-plane"
  count  = length(var.pools) > 0 ? 1 : 0

  name              = var.prefix
  store_prefix      = var.store_prefix
  secret_parameters = var.controller_parameters
  late_location     = var.late_location
  prefer_warm_zone  = try(var.cache.prefer_warm_zone, false)
  volume_key_arns   = compact([try(var.cache.kms_key_arn, "")])
  tags              = local.tags

  pools = {
    for name, pool in module.pool : name => merge(pool.grants, { policy_json = module.policy[name].json })
  }
}

locals {
  tags = merge({ project = var.prefix }, var.tags)
}
