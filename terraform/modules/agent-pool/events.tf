# What EC2 warns of before it takes an instance back. Only spot instances are taken back so, and only
# what the drainer understands is sent: what it does not, it leaves for the dead letter queue.
# Launches and terminations are seen by the next look at the group.

locals {
  # Short keys: the name of a rule may have 64 characters.
  # EC2 does not say whose instance it speaks of, so these come from the whole account; the drainer
  # forgets what is not of its group.
  events = var.spot == null ? {} : {
    spot = {
      source      = ["aws.ec2"]
      detail-type = ["EC2 Spot Instance Interruption Warning"]
    }
    rebalance = {
      source      = ["aws.ec2"]
      detail-type = ["EC2 Instance Rebalance Recommendation"]
    }
  }
}

resource "aws_cloudwatch_event_rule" "instance" {
  for_each = local.events

  name          = "${local.name}-${each.key}"
  description   = "Instances of the pool ${var.policy.name}: ${each.key}"
  event_pattern = jsonencode(each.value)
  tags          = local.tags
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each = aws_cloudwatch_event_rule.instance

  rule      = each.value.name
  target_id = "queue"
  arn       = aws_sqs_queue.events.arn

  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }

  depends_on = [aws_sqs_queue_policy.events, aws_sqs_queue_policy.dead]
}
