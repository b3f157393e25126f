# What calls people. Each name here has its page in docs/runbook.md.

locals {
  namespace  = "workhorse"
  dimensions = { Pool = var.policy.name }

  alarms = {
    queue-wait = {
      description = "The oldest job for the pool ${var.policy.name} has waited ${var.alarm_after.wait} s: it is at its ceiling, or agents do not come up."
      namespace   = local.namespace
      metric      = "QueueOldestWait"
      dimensions  = local.dimensions
      threshold   = var.alarm_after.wait
      periods     = 3
      missing     = "notBreaching"
    }
    # Published only where both Auto Scaling and Jenkins were read: its absence means that no loop
    # runs, or that it is blind on one eye.
    silent = {
      description = "Nobody has published the numbers of the pool ${var.policy.name} for 10 minutes: the controller is down or blind."
      namespace   = local.namespace
      metric      = "ExecutorsTotal"
      dimensions  = local.dimensions
      # Below zero executors: only missing data can breach this.
      threshold = -1
      below     = true
      periods   = 10
      missing   = "breaching"
    }
    # A message is deleted last, so the oldest one is as old as the longest drain. Of a message that
    # was received more than three times SQS tells no age any more: then the hook's own age, which
    # the journal knows, is all there is.
    drain-age = {
      description = "A message about the pool ${var.policy.name} is ${var.alarm_after.drain} s old: a drain takes too long or nobody drains."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = aws_sqs_queue.events.name }
      threshold   = var.alarm_after.drain
      periods     = 5
      missing     = "notBreaching"
    }
    dead-letters = {
      description = "A message about the pool ${var.policy.name} could not be handled or delivered and lies in the dead letter queue."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead.name }
      threshold   = 0
      periods     = 1
      missing     = "notBreaching"
    }
    # Published when a rollout ends so, and not again: the alarm goes out by itself.
    rollout-failed = {
      description = "A rollout to a new image of the pool ${var.policy.name} failed: the group launches the version before again."
      namespace   = local.namespace
      metric      = "RolloutFailed"
      dimensions  = local.dimensions
      threshold   = 0
      periods     = 1
      missing     = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "people" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = each.value.periods
  comparison_operator = try(each.value.below, false) ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
  tags                = local.tags
}
