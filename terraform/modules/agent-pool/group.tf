# The group. Terraform writes its limits and its template, and neither its desired capacity nor which
# version of the template it launches.

resource "aws_autoscaling_group" "agents" {
  # A fixed name: roles, event patterns and the control loop are written for it beforehand.
  name                = local.name
  min_size            = var.policy.floor
  max_size            = var.policy.ceiling
  vpc_zone_identifier = var.subnet_ids
  health_check_type   = "EC2"

  # Whose victims these are: of a desired capacity lowered from outside, and of `alarms` mode.
  # The control loop chooses its own.
  termination_policies = ["OldestLaunchTemplate", "OldestInstance"]

  # Rebalancing would end agents that nobody asked to end, and start others for them.
  suspended_processes = ["AZRebalance"]

  # Agents may take minutes to boot; nothing that Terraform does next needs them.
  wait_for_capacity_timeout = "0"

  enabled_metrics = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
  ]

  # On-demand only is the same group with a spot share of nothing: one way through the code.
  mixed_instances_policy {
    instances_distribution {
      on_demand_allocation_strategy            = "prioritized"
      on_demand_base_capacity                  = var.spot == null ? 0 : var.spot.on_demand_base
      on_demand_percentage_above_base_capacity = var.spot == null ? 100 : var.spot.on_demand_percent
      spot_allocation_strategy                 = "capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.agent.id
        # What a new group begins with. Spelled out: provider 5 reads back what it is not given.
        version = aws_launch_template.agent.latest_version
      }

      dynamic "override" {
        for_each = var.instance_types

        content {
          instance_type = override.value
        }
      }
    }
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [
      # One writer per fact: the control loop, or in `alarms` mode the scaling policies.
      # docs/decisions/0002-desired-capacity-has-one-writer.md
      desired_capacity,
      # Terraform makes versions; which one is launched is what a rollout decides, after a canary.
      # docs/decisions/0016-a-rollout-says-which-version-is-launched.md
      mixed_instances_policy[0].launch_template[0].launch_template_specification[0].version,
    ]
  }

  # An agent reads its parameters while it boots.
  depends_on = [aws_iam_role_policy.agent_parameters]
}

# A schedule whose numbers change is made anew. Every version of the provider sends the old one's next
# time with the change: AWS then keeps to that time once more, or refuses it where it has passed
# between plan and apply. https://github.com/hashicorp/terraform-provider-aws/issues/38983
resource "terraform_data" "size" {
  for_each = var.scheduled_sizes

  input = each.value
}

resource "aws_autoscaling_schedule" "size" {
  for_each = var.scheduled_sizes

  scheduled_action_name  = each.key
  autoscaling_group_name = aws_autoscaling_group.agents.name
  recurrence             = each.value.recurrence
  desired_capacity       = each.value.size
  # -1 leaves the limits to the group, whose writer is above.
  min_size = -1
  max_size = -1

  lifecycle {
    replace_triggered_by = [terraform_data.size[each.key]]
  }
}
