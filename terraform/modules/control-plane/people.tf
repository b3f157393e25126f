# What people and pipelines may do who order rollouts and keep images. The controller does the rest:
# they launch nothing, end nothing and change no group.

locals {
  store = "${local.parameters}${var.store_prefix}/pools"

  people = {
    rollouts = {
      LookAtPools = {
        Action = [
          "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeLifecycleHooks",
          "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeLaunchTemplateVersions",
        ]
        Resource = "*"
      }
      # The standing is the controller's word. A store is read as a whole, and written pool by pool.
      ReadStandings = {
        Action   = ["ssm:GetParameters"]
        Resource = ["${local.store}/*/rollout/*", "${local.store}/*/images/*"]
      }
      PlaceOrders = {
        Action   = ["ssm:PutParameter", "ssm:DeleteParameter"]
        Resource = [for name in keys(var.pools) : "${local.store}/${name}/rollout/order"]
      }
    }

    images = {
      LookAtImages = {
        Action = [
          "autoscaling:DescribeAutoScalingGroups", "ec2:DescribeImages", "ec2:DescribeInstances",
          "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeSnapshots",
        ]
        Resource = "*"
      }
      # All of one path is asked for at once, so that what any pool keeps is seen.
      ReadChannels = {
        Action   = ["ssm:GetParametersByPath"]
        Resource = [local.store]
      }
      KeepChannels = {
        Action   = ["ssm:GetParameters", "ssm:PutParameter", "ssm:DeleteParameters"]
        Resource = [for name in keys(var.pools) : "${local.store}/${name}/images/*"]
      }
      Prune = {
        Action    = ["ec2:DeregisterImage", "ec2:DeleteSnapshot"]
        Resource  = [for kind in ["image", "snapshot"] : "arn:${local.partition}:ec2:${local.region}::${kind}/*"]
        Condition = { StringEquals = { "aws:ResourceTag/workhorse:pool" = keys(var.pools) } }
      }
    }
  }

  # Settings that name a policy by its parameter are read by everybody.
  of_everybody = {
    ReadPolicies = {
      Action   = ["ssm:GetParameter"]
      Resource = [local.policies_of_pools]
    }
  }

  policies_of_people = { for whose, statements in local.people : whose => jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sid, statement in merge(statements, local.of_everybody) :
      merge(statement, { Sid = sid, Effect = "Allow" })
    ]
  }) if var.store_prefix != "" }
}
