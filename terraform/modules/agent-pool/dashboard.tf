# The pool on one page.

locals {
  # Title -> metrics of ours, or [namespace, metric, dimension, value] of AWS'.
  charts = {
    "Jobs waiting"           = ["QueueLength"]
    "Oldest wait (s)"        = ["QueueOldestWait"]
    "Executors"              = ["ExecutorsTotal", "ExecutorsBusy", "ExecutorsIdle", "ExecutorsOffline"]
    "Agents"                 = ["AgentsDesired", "AgentsInService", "AgentsBooting", "AgentsDraining", "AgentsUnheard", "Registrations"]
    "Group"                  = [for metric in ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"] : ["AWS/AutoScaling", metric, "AutoScalingGroupName", local.name]]
    "Rollouts that failed"   = ["RolloutFailed"]
    "Messages and dead ones" = [for queue in [aws_sqs_queue.events.name, aws_sqs_queue.dead.name] : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]]
  }
  # A map would come in the order of its titles.
  chart_order = ["Jobs waiting", "Oldest wait (s)", "Executors", "Agents", "Group", "Messages and dead ones", "Rollouts that failed"]
}

resource "aws_cloudwatch_dashboard" "pool" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = [
      for place, title in local.chart_order : {
        type   = "metric"
        x      = (place % 2) * 12
        y      = floor(place / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = title
          region  = local.region
          stat    = "Maximum"
          period  = 60
          metrics = [for metric in local.charts[title] : try([local.namespace, tostring(metric), "Pool", var.policy.name], metric)]
        }
      }
    ]
  })
}
