# What the ledger calls people for. Each name here has its page in docs/runbook.md.

locals {
  ledger_alarms = {
    # The ledger ends such instances and the pool launches others: that it goes on is what calls.
    never-registered = {
      description = "Instances of the pool ${var.policy.name} boot and never register at Jenkins: their image, their network or the gateway is broken."
      metric      = "Disagreements"
      dimensions  = { Pool = var.policy.name, Kind = "never-registered" }
      threshold   = 0
      periods     = 10
      breaching   = 3
    }
    # What the ledger may mend is mended within minutes; what is as old as this waits for people.
    disagreement = {
      description = "Auto Scaling, EC2 and Jenkins have disagreed about something of the pool ${var.policy.name} for half an hour."
      metric      = "DisagreementAge"
      dimensions  = { Pool = var.policy.name }
      threshold   = 1800
      periods     = 5
      breaching   = 5
    }
    # Builds go on, and nothing else shows it before EC2 takes an instance or Jenkins forgets a node.
    unheard = {
      description = "Agents of the pool ${var.policy.name} work, and the gateway hears nothing of them: they cannot say that EC2 takes them, or register again."
      metric      = "AgentsUnheard"
      dimensions  = { Pool = var.policy.name }
      threshold   = 0
      periods     = 10
      breaching   = 10
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "ledger" {
  for_each = local.ledger_alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = local.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.breaching
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
  tags                = local.tags
}
