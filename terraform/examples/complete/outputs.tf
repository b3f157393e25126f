output "pools" {
  description = "Pool -> what workhorse must know of it."
  value       = { for name, pool in module.pool : name => merge(pool.pool, { policy = module.policy[name].policy }) }
}

output "bake" {
  description = "What `bake` needs."
  value       = module.image_builder.bake
}

output "controller_role_arn" {
  description = "The role that the loops run as."
  value       = module.control_plane.role_arn
}
