output "pools" {
  description = "Pool -> what workhorse must know of it."
  value = {
    linux = merge(module.pool.pool, { policy = module.policy.policy })
  }
}
