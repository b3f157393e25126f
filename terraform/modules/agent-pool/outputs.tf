output "pool" {
  description = "What workhorse needs beside the policy: the group's name, the queue's URL, who scales."
  value = {
    group     = aws_autoscaling_group.agents.name
    queue_url = aws_sqs_queue.events.id
    scaling   = var.scaling
  }
}

output "grants" {
  description = "ARNs that `modules/control-plane` lets the controller act on."
  value = {
    group_arn = aws_autoscaling_group.agents.arn
    queue_arn = aws_sqs_queue.events.arn
    key_arn   = aws_kms_key.events.arn
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

output "alarm_names" {
  description = "Alarms meant for people, by their short name."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.people : name => alarm.alarm_name }
}
