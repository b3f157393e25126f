# What whoever runs Packer may do with images and their snapshots.

locals {
  of_images = {
    MakeImages = {
      Action   = ["ec2:CreateImage"]
      Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
    }
    # Packer tags an image after it is made: until then nothing tells whose it is. What is told to be
    # another pool's stays so.
    TagImages = {
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
      Condition = merge(local.our_keys, {
        StringEquals = { "aws:RequestTag/workhorse:pool" = var.pools }
        Null         = { "aws:ResourceTag/workhorse:pool" = "true" }
      })
    }
    # Snapshots are tagged with their image and again by themselves, and at a bake's end comes a tag
    # alone.
    TagImagesAgain = {
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
      Condition = merge(local.our_keys, local.of_pools, {
        StringEqualsIfExists = { "aws:RequestTag/workhorse:pool" = var.pools }
      })
    }
    # A call changes one attribute, and must name which: another is who may launch the image.
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-for-amazon-ec2.html
    DescribeImages = {
      Action   = ["ec2:ModifyImageAttribute"]
      Resource = ["${local.ec2}::image/*"]
      Condition = {
        Null = { "ec2:Attribute/Description" = "false" }
        # Packer 1.6.6 does so before it tags the image, newer ones have it tagged when it is made.
        StringEqualsIfExists = local.of_pools.StringEquals
      }
    }
    DemandTokensOfImages = {
      Action    = ["ec2:ModifyImageAttribute"]
      Resource  = ["${local.ec2}::image/*"]
      Condition = merge(local.of_pools, { Null = { "ec2:Attribute/ImdsSupport" = "false" } })
    }
    RemoveImages = {
      Action    = ["ec2:DeregisterImage", "ec2:DeleteSnapshot"]
      Resource  = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
      Condition = local.of_pools
    }
  }
}
