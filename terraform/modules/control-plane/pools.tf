# What the loops may do with a pool by its own name: what has to be passed, read or written under an
# exact ARN, because no tag tells it (IAM says that of PassRole), not everywhere (queues, in newer
# regions) or not at once (keys). Seven pools fill a policy, at the longest names that there can be.
# docs/decisions/0028-policies-do-not-grow-with-pools.md

locals {
  sevens = [for names in chunklist(sort(keys(var.pools)), 7) : { for name in names : name => var.pools[name] }]

  of_pools = [for pools in local.sevens : merge(
    {
      Receive = {
        Action = [
          "sqs:ReceiveMessage",
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
        ]
        Resource = values(pools)[*].queue_arn
      }
      Decrypt = {
        Action   = ["kms:Decrypt"]
        Resource = values(pools)[*].key_arn
      }
    },
    { for sid, statement in {
      PassAgentRoles = {
        Action    = ["iam:PassRole"]
        Resource  = values(pools)[*].role_arn
        Condition = { StringEquals = { "iam:PassedToService" = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] } }
      }
      # A member of a group carries neither tag: modules/agent-pool keeps tags that begin so to itself.
      EndCanaries = {
        Action   = ["ec2:TerminateInstances"]
        Resource = ["${local.ec2}:instance/*"]
        Condition = {
          Null         = { "aws:ResourceTag/workhorse:canary" = "false" }
          StringEquals = { "aws:ResourceTag/workhorse:pool-group" = [for arn in values(pools)[*].group_arn : element(split("/", arn), 1)] }
        }
      }
      KeepOrdersAndImages = {
        Action = ["ssm:GetParameters", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:DeleteParameters"]
        Resource = [
          for pair in setproduct(keys(pools), ["rollout", "images"]) :
          "${local.store}/${pair[0]}/${pair[1]}/*"
        ]
      }
      # What becomes of an image is written on it.
      TagImages = {
        Action   = ["ec2:CreateTags"]
        Resource = ["arn:${local.partition}:ec2:${local.region}::image/*"]
        Condition = {
          StringEquals                = { "aws:ResourceTag/workhorse:pool" = keys(pools) }
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["workhorse:failed"] }
        }
      }
    } : sid => statement if var.store_prefix != "" },
  )]
}

resource "aws_iam_policy" "pools" {
  count = length(local.sevens)

  name        = "${var.name}-controller-pools-${count.index + 1}"
  description = "What the controller may do with some pools by name"
  tags        = var.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for sid, statement in local.of_pools[count.index] : merge(statement, { Sid = sid, Effect = "Allow" })]
  })
}

resource "aws_iam_role_policy_attachment" "pools" {
  count = length(local.sevens)

  role       = aws_iam_role.controller.name
  policy_arn = aws_iam_policy.pools[count.index].arn
}
