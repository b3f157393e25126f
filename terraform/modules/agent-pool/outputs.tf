output "pool" {
  description = "What workhorse needs beside the policy: the group's name, the queue's URL, who scales, and the agents' role, which is `agent.role` of the pool's settings."
  value = {
    group     = aws_autoscaling_group.agents.name
    queue_url = aws_sqs_queue.events.id
    scaling   = var.scaling
    role      = aws_iam_role.agent.name
  }
}

output "grants" {
  description = "What `modules/control-plane` lets the controller act on: ARNs, and the deployment that all of it is tagged with."
  value = {
    deployment   = var.prefix
    group_arn    = aws_autoscaling_group.agents.arn
    queue_arn    = aws_sqs_queue.events.arn
    key_arn      = aws_kms_key.events.arn
    template_arn = aws_launch_template.agent.arn
    role_arn     = aws_iam_role.agent.arn
    # Where a canary may be launched: in the subnets and security groups of the agents.
    network_arns = concat(
      [for subnet in var.subnet_ids : "${local.ec2}:subnet/${subnet}"],
      [for group in coalescelist(var.security_group_ids, ["*"]) : "${local.ec2}:security-group/${group}"],
    )
  }
}

output "agent_role_name" {
  description = "Role of the agents, for policies that only you know about."
  value       = aws_iam_role.agent.name
}

output "launch_template_id" {
  description = "The template that agents are launched from."
  value       = aws_launch_template.agent.id
}

output "template_version" {
  description = "The newest version of that template, which holds `image_id`; a rollout has the group launch it."
  value       = aws_launch_template.agent.latest_version
}

output "image_id" {
  description = "The AMI of that version."
  value       = aws_launch_template.agent.image_id
}

output "alarm_names" {
  description = "Alarms meant for people, by their short name."
  value = {
    for name, alarm in merge(aws_cloudwatch_metric_alarm.people, aws_cloudwatch_metric_alarm.ledger) :
    name => alarm.alarm_name
  }
}
