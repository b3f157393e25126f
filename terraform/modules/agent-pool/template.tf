# What an agent is launched from. A new image or setting makes a new version of the same template,
# which nobody launches until a rollout says so; agents already running keep theirs until it or
# scale-in takes them.

resource "aws_launch_template" "agent" {
  name_prefix            = "${local.name}-"
  description            = "Agents of the pool ${var.policy.name}"
  update_default_version = true
  image_id               = var.image_id
  instance_type          = var.instance_types[0]
  user_data              = var.user_data == "" ? null : base64encode(var.user_data)
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
