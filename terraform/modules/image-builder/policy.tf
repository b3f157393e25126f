# What whoever runs Packer may do with the machine that is baked, which is told by the tag
# `workhorse:bake` that packer/ gives to all that a bake makes. An image is told by the tag
# `workhorse:pool`: see images.tf.

locals {
  ec2         = "arn:${local.partition}:ec2:${local.region}"
  mine        = "${local.ec2}:${local.account}"
  being_baked = { Null = { "aws:ResourceTag/workhorse:bake" = "false" } }

  # Those of packer/ and no others: a canary, too, is known by its tags.
  keys_of_packer = {
    "ForAllValues:StringEquals" = { "aws:TagKeys" = ["Name", "workhorse:bake", "workhorse:pool", "workhorse:commit"] }
  }

  machine = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sid, statement in merge(local.statements, local.choices) :
      merge(statement, { Sid = sid, Effect = "Allow" })
    ]
  })

  statements = {
    # AWS gives these no narrower resource.
    Look = {
      Action = [
        "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeKeyPairs", "ec2:DescribeRegions",
        "ec2:DescribeSecurityGroups", "ec2:DescribeSnapshots", "ec2:DescribeSubnets",
        "ec2:DescribeTags", "ec2:DescribeVolumes", "ec2:DescribeVpcs",
      ]
      Resource = "*"
    }
    # Their disks too: a launch may name any snapshot of the account as one, and read it.
    LaunchFromTrusted = {
      Action    = ["ec2:RunInstances"]
      Resource  = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
      Condition = { StringEquals = { "ec2:Owner" = var.source_owners } }
    }
    LaunchHere = {
      Action = ["ec2:RunInstances"]
      Resource = [
        "${local.mine}:subnet/${var.subnet_id}", aws_security_group.bake.arn,
        "${local.mine}:network-interface/*", "${local.mine}:key-pair/packer_*",
      ]
    }
    LaunchTagged = {
      Action    = ["ec2:RunInstances"]
      Resource  = ["${local.mine}:instance/*", "${local.mine}:volume/*"]
      Condition = { Null = { "aws:RequestTag/workhorse:bake" = "false" } }
    }
    TagAtLaunch = {
      Action = ["ec2:CreateTags"]
      Resource = [
        for kind in ["instance/*", "volume/*", "network-interface/*", "key-pair/packer_*"] : "${local.mine}:${kind}"
      ]
      Condition = merge(local.keys_of_packer, {
        StringEquals = { "ec2:CreateAction" = ["RunInstances", "CreateKeyPair"] }
      })
    }
    HoldAKey = {
      Action   = ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"]
      Resource = ["${local.mine}:key-pair/packer_*"]
    }
    MakeImages = {
      Action   = ["ec2:CreateImage"]
      Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
    }
    StopImageAndEnd = {
      Action = [
        "ec2:CreateImage", "ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:TerminateInstances",
      ]
      Resource  = ["${local.mine}:instance/*"]
      Condition = local.being_baked
    }
    DeleteVolumes = {
      Action    = ["ec2:DeleteVolume"]
      Resource  = ["${local.mine}:volume/*"]
      Condition = local.being_baked
    }
    FindTheRole = {
      Action   = ["iam:GetInstanceProfile"]
      Resource = [aws_iam_instance_profile.bake.arn]
    }
    GiveTheRole = {
      Action    = ["iam:PassRole"]
      Resource  = [aws_iam_role.bake.arn]
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
    }
  }
}
