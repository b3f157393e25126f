output "bake" {
  description = "Variables of packer/ by name: as a JSON file they are the setting `bake.variables_file`."
  value = {
    subnet_id            = var.subnet_id
    security_group_id    = aws_security_group.bake.id
    iam_instance_profile = aws_iam_instance_profile.bake.name
    kms_key_id           = var.kms_key_arn
  }
}

output "packer_policy_arn" {
  description = "The policy to attach to whoever runs Packer."
  value       = aws_iam_policy.packer.arn
}

output "packer_policy_json" {
  description = "The same as JSON, for an identity that is kept elsewhere."
  value       = local.policy
}
