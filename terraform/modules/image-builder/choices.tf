# What whoever runs Packer may do only where an input says so.

locals {
  choices = merge(
    { for sid, statement in local.of_key : sid => statement if var.kms_key_arn != "" },
    { for sid, statement in local.of_spot : sid => statement if var.spot },
  )

  of_key = {
    EncryptVolumes = {
      Action = [
        "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom", "kms:ReEncryptTo",
      ]
      Resource  = [var.kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "ec2.${local.region}.amazonaws.com" } }
    }
    LendTheKeyToEc2 = {
      Action    = ["kms:CreateGrant"]
      Resource  = [var.kms_key_arn]
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    }
  }

  # For a machine on the spot market Packer makes a fleet of one from a template of its own.
  of_spot = {
    LookAtPrices = {
      Action   = ["ec2:DescribeSpotPriceHistory", "ec2:DescribeLaunchTemplates"]
      Resource = "*"
    }
    # IAM asks for what a fleet is made of as well. To launch it takes RunInstances, which is limited.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    FleetOfOne = {
      Action = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate"]
      Resource = concat(
        [for kind in ["fleet", "instance", "launch-template", "subnet", "volume"] : "${local.mine}:${kind}/*"],
        ["${local.ec2}::image/*"],
      )
    }
    # And then Packer says all tags once more.
    TagTheMachineAgain = {
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.mine}:instance/*", "${local.mine}:volume/*"]
      Condition = merge(local.being_baked, local.keys_of_packer)
    }
    # A fleet launches in the caller's name, from the template that was just made. Packer gives it no
    # tag, and modules/agent-pool every template of a pool this one.
    UseFleetTemplates = {
      Action    = ["ec2:RunInstances", "ec2:DeleteLaunchTemplate"]
      Resource  = ["${local.mine}:launch-template/*"]
      Condition = { Null = { "aws:ResourceTag/workhorse:pool" = "true" } }
    }
  }
}
