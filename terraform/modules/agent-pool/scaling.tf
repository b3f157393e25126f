# `alarms` mode: CloudWatch sizes the group from the numbers that workhorse publishes, and no control
# loop is needed. Up when jobs wait, in when more than 3 executors idle for 50 minutes.

locals {
  alarms_mode = var.scaling == "alarms" ? 1 : 0

  # Waiting jobs, lower end of a step -> agents to add: enough for the jobs the step begins with,
  # at most what the policy allows in one change.
  steps = { for bound in [0, 4, 16, 64] : bound => min(max(ceil(bound / var.policy.executors), 1), var.policy.max_step) }
  ends  = { "0" = 4, "4" = 16, "16" = 64, "64" = null }
}

resource "aws_autoscaling_policy" "out" {
  count = local.alarms_mode

  name                      = "${local.name}-out"
  autoscaling_group_name    = aws_autoscaling_group.agents.name
  policy_type               = "StepScaling"
  adjustment_type           = "ChangeInCapacity"
  metric_aggregation_type   = "Maximum"
  estimated_instance_warmup = var.policy.boot_seconds

  dynamic "step_adjustment" {
    for_each = local.steps

    content {
      metric_interval_lower_bound = step_adjustment.key
      metric_interval_upper_bound = local.ends[step_adjustment.key]
      scaling_adjustment          = step_adjustment.value
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "jobs_wait" {
  count = local.alarms_mode

  alarm_name          = "${local.name}-jobs-wait"
  alarm_description   = "Jobs wait for the pool ${var.policy.name}: it grows."
  namespace           = local.namespace
  metric_name         = "QueueLength"
  dimensions          = local.dimensions
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_autoscaling_policy.out[0].arn]
  tags                = local.tags
}

# Simple, not by steps: only a simple policy waits for its cooldown between two agents.
resource "aws_autoscaling_policy" "in" {
  count = local.alarms_mode

  name                   = "${local.name}-in"
  autoscaling_group_name = aws_autoscaling_group.agents.name
  policy_type            = "SimpleScaling"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = -1
  cooldown               = 300
}

resource "aws_cloudwatch_metric_alarm" "executors_idle" {
  count = local.alarms_mode

  alarm_name          = "${local.name}-executors-idle"
  alarm_description   = "More than 3 executors of the pool ${var.policy.name} idle for 50 minutes: it shrinks."
  namespace           = local.namespace
  metric_name         = "ExecutorsIdle"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 10
  comparison_operator = "GreaterThanThreshold"
  threshold           = 3
  # Blind means still: no numbers, no shrinking.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_autoscaling_policy.in[0].arn]
  tags               = local.tags
}
