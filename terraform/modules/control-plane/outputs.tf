output "role_arn" {
  description = "The role that the loops run as."
  value       = aws_iam_role.controller.arn
}

output "instance_profile_name" {
  description = "The same role for an EC2 instance; null where `runs_on` is not `ec2`."
  value       = one(aws_iam_instance_profile.controller[*].name)
}

output "log_group_name" {
  description = "Where the controller logs."
  value       = aws_cloudwatch_log_group.controller.name
}

output "policy_parameters" {
  description = "Pool -> name of the SSM parameter that holds its policy as JSON."
  value       = { for name, parameter in aws_ssm_parameter.policy : name => parameter.name }
}

output "rollouts_policy_json" {
  description = "What whoever calls `rollout` and `rollback` may do; null without `store_prefix`. What they read Jenkins' token with is yours to add."
  value       = lookup(local.policies_of_people, "rollouts", null)
}

output "images_policy_json" {
  description = "What whoever calls `images`, `promote` and `prune` may do; null without `store_prefix`. For `bake` there is `modules/image-builder`."
  value       = lookup(local.policies_of_people, "images", null)
}

output "late_policy_json" {
  description = "What whoever calls `late` may do; null without `late_location`. The key that signs is theirs alone."
  value       = lookup(local.late_policies, "people", null)
}
