output "volumes" {
  description = "pool/tier/zone/number -> id of the volume."
  value       = { for key, volume in aws_ebs_volume.cache : key => volume.id }
}

output "volume_arns" {
  description = "The ARNs of all volumes."
  value       = values(aws_ebs_volume.cache)[*].arn
}
