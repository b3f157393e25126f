# One key for the topic and both queues. No emulator checks this policy, so a test reads it: without
# these statements AWS drops every message without a word.

resource "aws_kms_key" "events" {
  description             = "Messages about the agents of the pool ${var.policy.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RolesOfThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        # No aws:SourceArn here: not all three pass it on to KMS. The policies of the queues say
        # which topic and which rules may send; CloudWatch is here for alarm topics that people
        # encrypt with this key.
        Sid       = "SendersOfMessages"
        Effect    = "Allow"
        Principal = { Service = ["sns.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
        Resource  = "*"
      },
    ]
  })
}

resource "aws_kms_alias" "events" {
  name          = "alias/${local.name}-events"
  target_key_id = aws_kms_key.events.key_id
}
