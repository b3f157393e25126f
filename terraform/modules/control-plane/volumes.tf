# Cache volumes: the controller gives them to agents and takes them back. Agents do nothing of it.

locals {
  # A root volume carries the tag of its deployment too, and is no cache.
  cache_of_ours = merge(local.of_ours, { Null = { "aws:ResourceTag/workhorse:cache" = "false" } })

  volume_statements = {
    # AWS gives this no narrower resource.
    LookAtVolumes = {
      Action   = ["ec2:DescribeVolumes"]
      Resource = ["*"]
    }
    # Both ends are named: a volume of the deployment's caches, an agent of the deployment's pools.
    GiveVolumes = {
      Action    = ["ec2:AttachVolume", "ec2:DetachVolume"]
      Resource  = ["${local.ec2}:volume/*"]
      Condition = local.cache_of_ours
    }
    ToAgents = {
      Action    = ["ec2:AttachVolume", "ec2:DetachVolume"]
      Resource  = ["${local.ec2}:instance/*"]
      Condition = local.of_ours
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
      Action    = ["autoscaling:LaunchInstances"]
      Resource  = var.prefer_warm_zone ? local.groups : []
      Condition = local.of_ours
    }
    # LaunchInstances demands it of its caller, and IAM asks for each thing that a fleet is made of.
    # The templates are what limits it.
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/launching-instances-synchronous-provisioning.html
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    FleetsFromTemplates = {
      Action    = ["ec2:CreateFleet"]
      Resource  = var.prefer_warm_zone ? local.templates : []
      Condition = local.of_ours
    }
    AsFleets = {
      Action = ["ec2:CreateFleet"]
      Resource = var.prefer_warm_zone ? concat(
        ["${local.ec2}:fleet/*", "arn:${local.partition}:ec2:${local.region}::image/*"],
        local.made_here,
        [for arn in local.networks : arn if strcontains(arn, ":subnet/")],
      ) : []
    }
    LookAtTemplates = {
      Action   = ["ec2:DescribeLaunchTemplateVersions"]
      Resource = var.prefer_warm_zone ? ["*"] : []
    }
  }

  keep_volumes = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sid, statement in local.volume_statements :
      merge(statement, { Sid = sid, Effect = "Allow" }) if length(statement.Resource) > 0
    ]
  })
}

resource "aws_iam_role_policy" "volumes" {
  name   = "keep-cache-volumes"
  role   = aws_iam_role.controller.id
  policy = local.keep_volumes
}
