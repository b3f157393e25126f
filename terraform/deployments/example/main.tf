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
  user_data          = local.user_data[each.key]
  spot               = each.value.spot
  scaling            = each.value.scaling
  scheduled_sizes    = each.value.scheduled_sizes
  heartbeat_seconds  = each.value.heartbeat_seconds
  matrix_rollouts    = each.value.matrix_rollouts
  agent_parameters   = [var.jenkins.token_parameter]
  alarm_topic_arns   = var.alarm_topic_arns
  tags               = local.tags
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
  tags              = local.tags

  pools = {
    for name, pool in module.pool : name => merge(pool.grants, { policy_json = module.policy[name].json })
  }
}

locals {
  tags = merge({ project = var.prefix }, var.tags)

  # What an image of ours reads at boot, lines of NAME=value as a shell reads them. It names the token
  # and does not hold it.
  user_data = {
    for name, pool in var.pools : name => join("", [
      for key, value in {
        JENKINS_URL             = var.jenkins.url
        JENKINS_USER            = var.jenkins.user
        JENKINS_TOKEN_PARAMETER = var.jenkins.token_parameter
        AGENT_LABELS            = join(" ", pool.policy.labels)
        AGENT_EXECUTORS         = module.policy[name].policy.executors
        AGENT_MODE              = pool.exclusive ? "EXCLUSIVE" : "NORMAL"
        AWS_REGION              = var.region
      } : "${key}='${replace(value, "'", "'\\''")}'\n"
    ])
  }
}
