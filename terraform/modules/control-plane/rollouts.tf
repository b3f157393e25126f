# What only rollouts call. Nothing of it is granted where images and rollouts have no store.

locals {
  ec2       = "arn:${local.partition}:ec2:${local.region}:${local.account}"
  templates = ["${local.ec2}:launch-template/*"]
  networks  = distinct(flatten(local.pools[*].network_arns))
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
      Resource  = local.groups
      Condition = local.of_ours
    }
    # From the agents' templates, into the agents' networks, and nothing else: a launch needs all of the
    # next three statements, and so a template, and one of ours. No tag of a canary is asked for, since
    # Auto Scaling's own trial carries none.
    UseTemplates = {
      Action    = ["ec2:RunInstances"]
      Resource  = local.templates
      Condition = local.of_ours
    }
    LaunchFromTemplates = {
      Action    = ["ec2:RunInstances"]
      Resource  = concat(local.networks, ["${local.ec2}:network-interface/*"], local.made_here)
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
    # Whatever the template says, and of no other deployment.
    TagAtLaunch = {
      Action   = ["ec2:CreateTags"]
      Resource = local.made_here
      Condition = {
        StringEquals         = { "ec2:CreateAction" = "RunInstances" }
        StringEqualsIfExists = { "aws:RequestTag/workhorse:deployment" = local.deployments }
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
  }
}
