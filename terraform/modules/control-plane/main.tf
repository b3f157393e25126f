# Where the loops of workhorse run: who they are, what they may do, where they log, what they read.
# The pools themselves are modules/agent-pool.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  # No data.aws_region: provider 6 renamed its only useful attribute.
  region = split(":", values(var.pools)[0].group_arn)[3]

  # ECS says for whose task it takes the role; EC2 gives a role only to instances of its own account
  # and says nothing. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
  for_our_tasks = { for key, value in {
    Condition = {
      StringEquals = { "aws:SourceAccount" = local.account }
      ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
    }
  } : key => value if var.runs_on == "ecs-tasks" }
}

resource "aws_iam_role" "controller" {
  name = "${var.name}-controller"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge({
      Effect    = "Allow"
      Principal = { Service = "${var.runs_on}.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }, local.for_our_tasks)]
  })
}

resource "aws_iam_instance_profile" "controller" {
  count = var.runs_on == "ec2" ? 1 : 0

  name = "${var.name}-controller"
  role = aws_iam_role.controller.name
}
