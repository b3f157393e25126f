# Before Auto Scaling ends an instance it waits here and tells the drainer: hook -> topic -> queue.

resource "aws_autoscaling_lifecycle_hook" "terminating" {
  name                    = "${local.name}-terminating"
  autoscaling_group_name  = aws_autoscaling_group.agents.name
  lifecycle_transition    = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout       = var.heartbeat_seconds
  notification_target_arn = aws_sns_topic.hook.arn
  role_arn                = aws_iam_role.hook.arn
  # What happens when the time runs out. Both results end the instance, builds and all: a hook
  # delays a termination and cannot refuse it. CONTINUE would let other hooks of the group finish,
  # ABANDON cuts them short. ABANDON says what happened, that nobody finished the drain, and is the
  # one that an instance lifecycle policy of the group, set by hand, can turn into keeping the
  # instance. docs/decisions/0007-the-hook-abandons-by-default.md
  default_result = "ABANDON"

  # The first message must find its way: Auto Scaling sends a test when the hook is made.
  depends_on = [
    aws_iam_role_policy.hook,
    aws_sns_topic_subscription.hook,
    aws_sqs_queue_policy.events,
  ]
}

resource "aws_sns_topic" "hook" {
  name              = "${local.name}-hook"
  kms_master_key_id = aws_kms_key.events.arn
  tags              = local.tags
}

resource "aws_sns_topic_subscription" "hook" {
  topic_arn = aws_sns_topic.hook.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.events.arn
  # The hook's own words, without an envelope around them.
  raw_message_delivery = true
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn })
}

resource "aws_iam_role" "hook" {
  name = "${local.name}-hook"
  tags = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "autoscaling.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # For this group only, or Auto Scaling could be talked into publishing here for another one.
      # https://docs.aws.amazon.com/autoscaling/ec2/userguide/cross-service-confused-deputy-prevention.html
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike = {
          "aws:SourceArn" = "arn:${local.partition}:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${local.name}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "hook" {
  name = "publish"
  role = aws_iam_role.hook.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.hook.arn },
      { Effect = "Allow", Action = ["kms:GenerateDataKey", "kms:Decrypt"], Resource = aws_kms_key.events.arn },
    ]
  })
}
