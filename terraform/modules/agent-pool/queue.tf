# Everything that happens to the group's instances arrives in one queue.

resource "aws_sqs_queue" "events" {
  name              = "${local.name}-events"
  kms_master_key_id = aws_kms_key.events.arn
  # The drainer extends this for as long as it works on a message and deletes the message last.
  visibility_timeout_seconds = 120
  message_retention_seconds  = 345600
  # What SNS and EventBridge send at most. AWS' own default grew, and so may that of a provider.
  max_message_size = 262144
  tags             = local.tags

  # Generous: a message that many starts of a controller have seen in mid-drain is no poison.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 100
  })
}

resource "aws_sqs_queue" "dead" {
  name                      = "${local.name}-dead"
  kms_master_key_id         = aws_kms_key.events.arn
  message_retention_seconds = 1209600
  max_message_size          = 262144
  tags                      = local.tags
}

locals {
  # Who may put messages into the two queues: this topic and these rules, nobody else.
  senders = [for sender in [
    { service = "sns.amazonaws.com", arns = [aws_sns_topic.hook.arn] },
    { service = "events.amazonaws.com", arns = [for rule in aws_cloudwatch_event_rule.instance : rule.arn] },
  ] : sender if length(sender.arns) > 0]

  queues = { events = aws_sqs_queue.events, dead = aws_sqs_queue.dead }

  queue_policies = {
    for name, queue in local.queues : name => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [for sender in local.senders : {
          Sid       = "Send${title(split(".", sender.service)[0])}"
          Effect    = "Allow"
          Principal = { Service = sender.service }
          Action    = "sqs:SendMessage"
          Resource  = queue.arn
          Condition = { ArnEquals = { "aws:SourceArn" = sender.arns } }
        }],
        [{
          Sid       = "OnlyEncrypted"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = queue.arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }],
      )
    })
  }
}

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.id
  policy    = local.queue_policies.events
}

resource "aws_sqs_queue_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id
  policy    = local.queue_policies.dead
}
