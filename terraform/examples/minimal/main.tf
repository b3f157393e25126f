# The least that makes a pool: a policy, a group to hold it to, and a role for the loops.

provider "aws" {
  region = var.region
}

module "policy" {
  source = "../../modules/policy"

  pool = { name = "linux", labels = ["linux"], ceiling = 10 }
}

module "pool" {
  source = "../../modules/agent-pool"

  policy         = module.policy.policy
  image_id       = var.image_id
  instance_types = ["m5.large"]
  subnet_ids     = var.subnet_ids
  gateway        = var.gateway
}

module "control_plane" {
  source = "../../modules/control-plane"

  pools = {
    linux = merge(module.pool.grants, { policy_json = module.policy.json })
  }
}
