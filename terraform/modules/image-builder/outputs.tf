output "bake" {
  description = "Variables of packer/ by name: as a JSON file they are the setting `bake.variables_file`."
  value = {
    subnet_id            = var.subnet_id
    security_group_id    = aws_security_group.bake.id
    iam_instance_profile = aws_iam_instance_profile.bake.name
    kms_key_id           = var.kms_key_arn
  }
}

output "packer_policy_arns" {
  description = "The policies to attach to whoever runs Packer, all of them: `machine`, and `images-1` and so on for ten pools each."
  value = merge(
    { machine = aws_iam_policy.packer.arn },
    { for place, policy in aws_iam_policy.images : "images-${place + 1}" => policy.arn },
  )
}

output "packer_policies_json" {
  description = "The same as JSON, for an identity that is kept elsewhere."
  value = merge(
    { machine = local.machine },
    { for place, policy in local.images : "images-${place + 1}" => policy },
  )
}
