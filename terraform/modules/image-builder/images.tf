# What whoever runs Packer may do with images and their snapshots, by the names of pools. Ten pools
# fill a policy, at the longest names that there can be.
# docs/decisions/0028-policies-do-not-grow-with-pools.md

locals {
  tens     = chunklist(distinct(var.pools), 10)
  our_keys = { "ForAllValues:StringLike" = { "aws:TagKeys" = ["Name", "workhorse:*"] } }

  of_images = [for pools in local.tens : merge(
    {
      # Packer tags an image after it is made: until then nothing tells whose it is. What is told to be
      # another pool's stays so.
      TagImages = {
        Action   = ["ec2:CreateTags"]
        Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
        Condition = merge(local.our_keys, {
          StringEquals = { "aws:RequestTag/workhorse:pool" = pools }
          Null         = { "aws:ResourceTag/workhorse:pool" = "true" }
        })
      }
      # Snapshots are tagged with their image and again by themselves, and at a bake's end comes a tag
      # alone.
      TagImagesAgain = {
        Action   = ["ec2:CreateTags"]
        Resource = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
        Condition = merge(local.our_keys, {
          StringEquals         = { "aws:ResourceTag/workhorse:pool" = pools }
          StringEqualsIfExists = { "aws:RequestTag/workhorse:pool" = pools }
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
          StringEqualsIfExists = { "aws:ResourceTag/workhorse:pool" = pools }
        }
      }
      DemandTokensOfImages = {
        Action   = ["ec2:ModifyImageAttribute"]
        Resource = ["${local.ec2}::image/*"]
        Condition = {
          StringEquals = { "aws:ResourceTag/workhorse:pool" = pools }
          Null         = { "ec2:Attribute/ImdsSupport" = "false" }
        }
      }
      RemoveImages = {
        Action    = ["ec2:DeregisterImage", "ec2:DeleteSnapshot"]
        Resource  = ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"]
        Condition = { StringEquals = { "aws:ResourceTag/workhorse:pool" = pools } }
      }
    },
    # The image that was baked becomes the pool's candidate.
    { for sid, statement in {
      KeepCandidates = {
        Action = ["ssm:GetParameters", "ssm:PutParameter", "ssm:DeleteParameters"]
        Resource = [
          for pool in pools :
          "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${var.store_prefix}/pools/${pool}/images/*"
        ]
      }
    } : sid => statement if var.store_prefix != "" },
  )]

  images = [for statements in local.of_images : jsonencode({
    Version   = "2012-10-17"
    Statement = [for sid, statement in statements : merge(statement, { Sid = sid, Effect = "Allow" })]
  })]
}
