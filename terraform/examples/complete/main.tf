# Every feature at once, in subnets that are there already: pools on-demand, on spot and sized by
# CloudWatch, and the control plane that works for all of them.

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

  prefix            = var.prefix
  policy            = module.policy[each.key].policy
  image_id          = var.image_id
  instance_types    = each.value.instance_types
  subnet_ids        = var.subnet_ids
  gateway           = each.value.user_data == "" ? var.gateway : null
  user_data         = each.value.user_data
  spot              = each.value.spot
  scaling           = each.value.scaling
  scheduled_sizes   = each.value.scheduled_sizes
  heartbeat_seconds = each.value.heartbeat_seconds
  agent_parameters  = var.agent_parameters
  alarm_topic_arns  = var.alarm_topic_arns
  tags              = { project = var.prefix }
}

module "cache_volumes" {
  source = "../../modules/cache-volumes"
  count  = var.cache == null ? 0 : 1

  prefix = var.prefix
  zones  = var.cache.zones
  pools  = var.cache.pools
  tags   = { project = var.prefix }
}

module "image_builder" {
  source = "../../modules/image-builder"

  prefix       = var.prefix
  pools        = keys(var.pools)
  subnet_id    = var.subnet_ids[0]
  store_prefix = "/${var.prefix}"
  tags         = { project = var.prefix }
}

module "control_plane" {
  source = "../../modules/control-plane"

  name              = var.prefix
  secret_parameters = var.secret_parameters
  store_prefix      = "/${var.prefix}"
  tags              = { project = var.prefix }

  pools = {
    for name, pool in module.pool : name => merge(pool.grants, { policy_json = module.policy[name].json })
  }
}
