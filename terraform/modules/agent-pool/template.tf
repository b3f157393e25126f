# What an agent is launched from. A new image or setting makes a new version of the same template,
# which nobody launches until a rollout says so; agents already running keep theirs until it or
# scale-in takes them.

locals {
  # Labels, executors and the like are the gateway's to say: nothing that an agent is told at boot
  # has to be rolled out when they change.
  lines = merge(
    {
      AGENT_WAY        = "gateway"
      AWS_REGION       = local.region
      GATEWAY_AUDIENCE = try(var.gateway.audience, "")
      GATEWAY_URL      = try(var.gateway.url, "")
    },
    var.user_data_lines,
  )

  # As a shell reads them, so that no value is more than a value.
  gateway_user_data = join("", [
    for name, value in local.lines : "${name}='${replace(value, "'", "'\\''")}'\n"
  ])
  user_data = var.gateway == null ? var.user_data : local.gateway_user_data
}

resource "aws_launch_template" "agent" {
  name_prefix            = "${local.name}-"
  description            = "Agents of the pool ${var.policy.name}"
  update_default_version = true
  image_id               = var.image_id
  instance_type          = var.instance_types[0]
  user_data              = base64encode(local.user_data)
  vpc_security_group_ids = var.security_group_ids
  tags                   = local.tags

  # An agent that cannot register powers itself off and must then be gone, not stopped.
  instance_initiated_shutdown_behavior = "terminate"

  iam_instance_profile {
    name = aws_iam_instance_profile.agent.name
  }

  # All three are set, since provider 5 dropped its defaults. One hop: containers on the agent get
  # no credentials of its role.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = var.root_volume.device

    ebs {
      volume_type           = "gp3"
      volume_size           = var.root_volume.gib
      iops                  = var.root_volume.iops
      throughput            = var.root_volume.throughput
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]

    content {
      resource_type = tag_specifications.value
      tags          = local.tags
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
