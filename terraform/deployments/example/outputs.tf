output "pools" {
  description = "Pool -> what the settings of workhorse need of it: group, queue_url, scaling, policy_parameter."
  value = {
    for name, pool in module.pool : name => merge(pool.pool, {
      policy_parameter = module.control_plane.policy_parameters[name]
    })
  }
}

output "controller_role_arn" {
  description = "The role that the loops run as."
  value       = module.control_plane.role_arn
}

output "controller_instance_profile" {
  description = "The same role for an EC2 instance."
  value       = module.control_plane.instance_profile_name
}
