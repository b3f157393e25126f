# What whoever runs Packer may do. A machine is told by the tag `workhorse:bake` that packer/ gives
# to all that a bake makes, an image by the tag `workhorse:pool`.

locals {
  ec2         = "arn:${local.partition}:ec2:${local.region}"
  mine        = "${local.ec2}:${local.account}"
  being_baked = { Null = { "aws:ResourceTag/workhorse:bake" = "false" } }
  of_pools    = { StringEquals = { "aws:ResourceTag/workhorse:pool" = var.pools } }

  policy = jsonencode({
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
    LaunchFromTrusted = {
      Action    = ["ec2:RunInstances"]
      Resource  = ["${local.ec2}::image/*"]
      Condition = { StringEquals = { "ec2:Owner" = var.source_owners } }
    }
    LaunchHere = {
      Action = ["ec2:RunInstances"]
      Resource = [
        "${local.mine}:subnet/${var.subnet_id}", aws_security_group.bake.arn,
        "${local.mine}:network-interface/*", "${local.mine}:key-pair/packer_*",
        "${local.ec2}::snapshot/*",
      ]
    }
    LaunchTagged = {
      Action    = ["ec2:RunInstances"]
      Resource  = ["${local.mine}:instance/*", "${local.mine}:volume/*"]
      Condition = { Null = { "aws:RequestTag/workhorse:bake" = "false" } }
    }
    TagAtLaunch = {
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.mine}:instance/*", "${local.mine}:volume/*", "${local.mine}:key-pair/packer_*"]
      Condition = { StringEquals = { "ec2:CreateAction" = ["RunInstances", "CreateKeyPair"] } }
    }
    HoldAKey = {
      Action   = ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"]
      Resource = ["${local.mine}:key-pair/packer_*"]
    }
    StopAndEnd = {
      Action    = ["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:TerminateInstances"]
      Resource  = ["${local.mine}:instance/*"]
      Condition = local.being_baked
    }
    DeleteVolumes = {
      Action    = ["ec2:DeleteVolume"]
      Resource  = ["${local.mine}:volume/*"]
      Condition = local.being_baked
    }
    ImageWhatIsBaked = {
      Action    = ["ec2:CreateImage"]
      Resource  = ["${local.mine}:instance/*"]
      Condition = local.being_baked
    }
    MakeImages = {
      Action   = ["ec2:CreateImage"]
      Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
    }
    # Packer tags an image after it is made: until then nothing tells whose it is.
    TagImages = {
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
      Condition = { StringEquals = { "aws:RequestTag/workhorse:pool" = var.pools } }
    }
    # A second tag, such as that of the bake's end, comes alone.
    TagImagesAgain = {
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
      Condition = merge(local.of_pools, { "ForAllValues:StringLike" = { "aws:TagKeys" = ["workhorse:*"] } })
    }
    DescribeAndRemoveImages = {
      Action    = ["ec2:DeregisterImage", "ec2:ModifyImageAttribute"]
      Resource  = ["${local.ec2}::image/*"]
      Condition = local.of_pools
    }
    RemoveSnapshots = {
      Action    = ["ec2:DeleteSnapshot"]
      Resource  = ["${local.ec2}::snapshot/*"]
      Condition = local.of_pools
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
