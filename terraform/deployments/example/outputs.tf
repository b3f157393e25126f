output "pools" {
  description = "Pool -> what the settings of workhorse need of it: group, queue_url, scaling, policy_parameter."
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
