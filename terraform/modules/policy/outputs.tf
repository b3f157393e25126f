output "policy" {
  description = "The checked numbers with every default filled in, for `modules/agent-pool`."
  value       = var.pool
}

output "json" {
  description = "The same as JSON, the form in which workhorse reads it."
  value       = jsonencode(var.pool)
}
