# Cache volumes: the controller gives them to agents and takes them back. Agents do nothing of it.

locals {
  cache_of_ours = { StringEquals = { "aws:ResourceTag/workhorse:cache" = keys(var.pools) } }

  volume_statements = {
    # AWS gives this no narrower resource.
    LookAtVolumes = {
      Action   = ["ec2:DescribeVolumes"]
      Resource = ["*"]
    }
    # Both ends are named: a volume of the cache of one of its pools, an agent of one of its pools.
    GiveVolumes = {
      Action    = ["ec2:AttachVolume", "ec2:DetachVolume"]
      Resource  = ["${local.ec2}:volume/*"]
      Condition = local.cache_of_ours
    }
    ToAgents = {
      Action    = ["ec2:AttachVolume", "ec2:DetachVolume"]
      Resource  = ["${local.ec2}:instance/*"]
      Condition = { StringEquals = { "aws:ResourceTag/workhorse:pool" = keys(var.pools) } }
    }
    # Of trust it may only take: the one tier that can be written is the lower one, and whose a volume
    # is cannot be written at all.
    TagVolumes = {
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.ec2}:volume/*"]
      Condition = merge(local.cache_of_ours, {
        "ForAllValues:StringEquals" = {
          "aws:TagKeys" = ["workhorse:used-at", "workhorse:fill", "workhorse:cache-state", "workhorse:tier"]
        }
        StringEqualsIfExists = { "aws:RequestTag/workhorse:tier" = "pull-request" }
      })
    }
    LendVolumeKeysToEc2 = {
      Action    = ["kms:CreateGrant"]
      Resource  = var.volume_key_arns
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    }
    LaunchInZones = {
      Action   = ["autoscaling:LaunchInstances"]
      Resource = var.prefer_warm_zone ? local.pools[*].group_arn : []
    }
    # LaunchInstances demands it of its caller, and IAM asks for each thing that a fleet is made of.
    # The templates are what limits it.
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/launching-instances-synchronous-provisioning.html
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    AsFleets = {
      Action = ["ec2:CreateFleet"]
      Resource = var.prefer_warm_zone ? concat(
        local.templates,
        ["${local.ec2}:fleet/*", "arn:${local.partition}:ec2:${local.region}::image/*"],
        local.made_here,
        [for arn in flatten(local.pools[*].network_arns) : arn if strcontains(arn, ":subnet/")],
      ) : []
    }
    LookAtTemplates = {
      Action   = ["ec2:DescribeLaunchTemplateVersions"]
      Resource = var.prefer_warm_zone ? ["*"] : []
    }
  }
}

resource "aws_iam_role_policy" "volumes" {
  name = "keep-cache-volumes"
  role = aws_iam_role.controller.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sid, statement in local.volume_statements :
      merge(statement, { Sid = sid, Effect = "Allow" }) if length(statement.Resource) > 0
    ]
  })
}
