output "pools" {
  description = "Pool -> what the settings of workhorse need of it: group, queue_url, scaling, policy_parameter, and role, which is `agent.role`."
  value = {
    for name, pool in module.pool : name => merge(pool.pool, {
      policy_parameter = module.control_plane[0].policy_parameters[name]
    })
  }
}

output "controller_role_arn" {
  description = "The role that the loops run as; null while there is no pool."
  value       = one(module.control_plane[*].role_arn)
}

output "controller_instance_profile" {
  description = "The same role for an EC2 instance."
  value       = one(module.control_plane[*].instance_profile_name)
}

output "bake" {
  description = "Variables of packer/ by name, for the setting `bake.variables_file`; null without `bake`."
  value       = one(module.image_builder[*].bake)
}

output "policies" {
  description = "Policies as JSON to attach to people and pipelines, by what they call: `bake` (several, all of them for one identity), `rollouts` (`rollout` and `rollback`) `images` (`images`, `promote` and `prune`) and `late`; null where there is nothing to do."
  value = {
    bake     = one(module.image_builder[*].packer_policies_json)
    rollouts = one(module.control_plane[*].rollouts_policy_json)
    images   = one(module.control_plane[*].images_policy_json)
    late     = one(module.control_plane[*].late_policy_json)
  }
}
