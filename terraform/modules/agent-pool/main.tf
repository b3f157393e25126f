# One pool of agents: an Auto Scaling group, the way its events travel, and what watches it.
# A file per feature: template, group, hook, queue, events, key, roles, scaling, alarms, dashboard.
# Who runs the loops, and what they may do, is modules/control-plane.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name = "${var.prefix}-${var.policy.name}"
  # modules/control-plane lets a controller act on what carries the tag of its deployment.
  tags = merge(var.tags, {
    Name                   = local.name
    "workhorse:pool"       = var.policy.name
    "workhorse:deployment" = var.prefix
  })
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  # No data.aws_region: provider 6 renamed its only useful attribute.
  region = split(":", aws_sns_topic.hook.arn)[3]
  ec2    = "arn:${local.partition}:ec2:${local.region}:${local.account}"
}
