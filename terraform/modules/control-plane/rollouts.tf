# What only rollouts call. Nothing of it is granted where images and rollouts have no store.

locals {
  ec2       = "arn:${local.partition}:ec2:${local.region}:${local.account}"
  templates = local.pools[*].template_arn
  made_here = [for kind in ["instance", "volume"] : "${local.ec2}:${kind}/*"]

  of_rollouts = { for sid, statement in local.rollout_statements : sid => statement if var.store_prefix != "" }

  rollout_statements = {
    # AWS gives these no narrower resource.
    LookAtRollouts = {
      Action = [
        "autoscaling:DescribeInstanceRefreshes",
        "ec2:DescribeLaunchTemplateVersions",
      ]
      Resource = "*"
    }
    # To have a group launch another version. Auto Scaling tries the launch in the caller's name, so
    # that the next three statements hold for it as well.
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
    Roll = {
      Action = [
        "autoscaling:UpdateAutoScalingGroup",
        "autoscaling:StartInstanceRefresh",
        "autoscaling:CancelInstanceRefresh",
      ]
      Resource = local.pools[*].group_arn
    }
    # From the agents' templates, into the agents' networks, and nothing else. No tag of a canary is
    # asked for, since Auto Scaling's own trial carries none.
    LaunchFromTemplates = {
      Action = ["ec2:RunInstances"]
      Resource = concat(
        local.templates,
        flatten(local.pools[*].network_arns),
        ["${local.ec2}:network-interface/*"],
        local.made_here,
      )
      Condition = { ArnLike = { "ec2:LaunchTemplate" = local.templates } }
    }
    # The image is the template's, whoever launches.
    LaunchWhatTheySay = {
      Action = ["ec2:RunInstances"]
      Resource = concat(
        [for kind in ["image", "snapshot"] : "arn:${local.partition}:ec2:${local.region}::${kind}/*"],
        ["${local.ec2}:key-pair/*"],
      )
      Condition = {
        ArnLike = { "ec2:LaunchTemplate" = local.templates }
        Bool    = { "ec2:IsLaunchTemplateResource" = "true" }
      }
    }
    TagAtLaunch = {
      Action    = ["ec2:CreateTags"]
      Resource  = local.made_here
      Condition = { StringEquals = { "ec2:CreateAction" = "RunInstances" } }
    }
    PassAgentRoles = {
      Action    = ["iam:PassRole"]
      Resource  = local.pools[*].role_arn
      Condition = { StringEquals = { "iam:PassedToService" = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] } }
    }
    # A member of a group carries neither tag: modules/agent-pool keeps tags that begin so to itself.
    EndCanaries = {
      Action   = ["ec2:TerminateInstances"]
      Resource = ["${local.ec2}:instance/*"]
      Condition = {
        Null         = { "aws:ResourceTag/workhorse:canary" = "false" }
        StringEquals = { "aws:ResourceTag/workhorse:pool-group" = [for arn in local.pools[*].group_arn : element(split("/", arn), 1)] }
      }
    }
    EncryptCanaries = {
      Action = [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ]
      Resource  = var.volume_key_arns
      Condition = { StringEquals = { "kms:ViaService" = ["ec2.${local.region}.amazonaws.com", "ec2.${local.region}.amazonaws.com.cn"] } }
    }
    LendKeysToEc2 = {
      Action    = ["kms:CreateGrant"]
      Resource  = var.volume_key_arns
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    }
    KeepOrdersAndImages = {
      Action = ["ssm:GetParameters", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:DeleteParameters"]
      Resource = [
        for pair in setproduct(keys(var.pools), ["rollout", "images"]) :
        "${local.parameters}${var.store_prefix}/pools/${pair[0]}/${pair[1]}/*"
      ]
    }
    # What becomes of an image is written on it.
    TagImages = {
      Action   = ["ec2:CreateTags"]
      Resource = ["arn:${local.partition}:ec2:${local.region}::image/*"]
      Condition = {
        StringEquals                = { "aws:ResourceTag/workhorse:pool" = keys(var.pools) }
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["workhorse:failed"] }
      }
    }
  }
}
