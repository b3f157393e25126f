# The module's own logic, with a provider that answers out of thin air.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/workhorse-controller" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/workhorse-controller-pools-1" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/workhorse/controller" }
  }
  mock_resource "aws_ssm_parameter" {
    defaults = { arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/linux/policy" }
  }
}

variables {
  pools = {
    linux = {
      policy_json  = "{\"name\":\"linux\"}"
      deployment   = "workhorse"
      group_arn    = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0:autoScalingGroupName/workhorse-linux"
      queue_arn    = "arn:aws:sqs:eu-west-1:123456789012:workhorse-linux-events"
      key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/1"
      template_arn = "arn:aws:ec2:eu-west-1:123456789012:launch-template/lt-1"
      role_arn     = "arn:aws:iam::123456789012:role/workhorse-linux-agent"
      network_arns = ["arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1", "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1"]
    }
    gpu = {
      policy_json  = "{\"name\":\"gpu\"}"
      deployment   = "workhorse"
      group_arn    = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:autoScalingGroupName/workhorse-gpu"
      queue_arn    = "arn:aws:sqs:eu-west-1:123456789012:workhorse-gpu-events"
      key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/2"
      template_arn = "arn:aws:ec2:eu-west-1:123456789012:launch-template/lt-2"
      role_arn     = "arn:aws:iam::123456789012:role/workhorse-gpu-agent"
      network_arns = ["arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-2", "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-2"]
    }
  }
}

run "acts_on_its_pools_only" {
  variables {
    secret_parameters = ["/ci/token"]
  }
  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.controller.policy).Statement : [statement.Resource, statement.Condition] if statement.Sid == "Scale"
      ] == [[
        ["arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/workhorse-*"],
        { StringEquals = { "aws:ResourceTag/workhorse:deployment" = ["workhorse"] } },
    ]]
    error_message = "it scales the groups of its deployment"
  }
  assert {
    condition = [
      for statement in jsondecode(aws_iam_policy.pools[0].policy).Statement : [statement.Sid, statement.Resource]
      ] == [
      ["Decrypt", [var.pools.gpu.key_arn, var.pools.linux.key_arn]],
      ["Receive", [var.pools.gpu.queue_arn, var.pools.linux.queue_arn]],
    ]
    error_message = "it reads the queues of its pools"
  }
  assert {
    condition     = output.instance_profile_name == "workhorse-controller"
    error_message = "an EC2 instance takes the role through a profile"
  }
  assert {
    condition     = jsondecode(aws_iam_role.controller.assume_role_policy).Statement[0].Principal.Service == "ec2.amazonaws.com"
    error_message = "only EC2 may take the role"
  }
  assert {
    condition     = aws_ssm_parameter.policy["gpu"].name == "/workhorse/pools/gpu/policy" && jsondecode(aws_ssm_parameter.policy["gpu"].value).name == "gpu"
    error_message = "each policy lies under its pool's name"
  }
}

run "rolls_its_pools_only" {
  variables {
    store_prefix    = "/workhorse"
    secrets         = ["ci/token"]
    volume_key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/3"]
  }
  assert {
    condition     = { for statement in jsondecode(aws_iam_policy.pools[0].policy).Statement : statement.Sid => statement.Resource }["KeepOrdersAndImages"] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/gpu/rollout/*", "arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/gpu/images/*", "arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/linux/rollout/*", "arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/linux/images/*"]
    error_message = "it keeps orders and images of its pools, no other"
  }
  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.controller.policy).Statement : statement.Sid => statement.Resource }["ReadSecrets"] == ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/token-??????"]
    error_message = "it reads the secrets named, no other"
  }
}

run "people_order_and_do_nothing_themselves" {
  variables {
    store_prefix = "/workhorse"
  }
  assert {
    condition     = { for statement in jsondecode(output.rollouts_policy_json).Statement : statement.Sid => statement.Resource }["PlaceOrders"] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/gpu/rollout/order", "arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/linux/rollout/order"]
    error_message = "they write orders, and no standing"
  }
  assert {
    condition     = { for statement in jsondecode(output.images_policy_json).Statement : statement.Sid => statement.Resource }["ReadChannels"] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools"]
    error_message = "the path itself is the resource of GetParametersByPath"
  }
  assert {
    condition     = alltrue([for text in [output.rollouts_policy_json, output.images_policy_json] : length(text) < 6144])
    error_message = "IAM takes 6144 characters"
  }
}

run "without_a_store_it_may_roll_nothing" {
  assert {
    condition     = output.rollouts_policy_json == null && output.images_policy_json == null
    error_message = "without a store there is nothing to order or keep"
  }
  assert {
    condition     = length(setintersection([for statement in jsondecode(aws_iam_role_policy.controller.policy).Statement : statement.Sid], keys(local.rollout_statements))) == 0 && length(jsondecode(aws_iam_policy.pools[0].policy).Statement) == 2
    error_message = "what only rollouts need is granted where there is a store, and nowhere else"
  }
}

run "reads_late_configuration_of_its_pools_from_a_bucket" {
  variables {
    late_location = "s3://late-configuration/workhorse/"
  }
  assert {
    condition = tolist(flatten([
      for statement in jsondecode(aws_iam_role_policy.late[0].policy).Statement :
      [for action in statement.Action : [for arn in statement.Resource : "${action} ${arn}"]]
      ])) == tolist([
      "s3:GetObject arn:aws:s3:::late-configuration/workhorse/pools/*/late",
      "s3:GetObject arn:aws:s3:::late-configuration/workhorse/files/*",
      "s3:ListBucket arn:aws:s3:::late-configuration",
    ])
    error_message = "the controller reads what its pools apply, and writes nothing"
  }
  assert {
    condition = toset(flatten([
      for statement in jsondecode(output.late_policy_json).Statement : statement.Resource if statement.Sid == "PublishLate"
    ])) == toset([for pool in ["gpu", "linux"] : "arn:aws:s3:::late-configuration/workhorse/pools/${pool}/late"])
    error_message = "people publish for its pools only"
  }
}

run "reads_late_configuration_of_its_pools_from_parameters" {
  variables {
    late_location = "ssm:/workhorse/late"
  }
  assert {
    condition = tolist(flatten([
      for statement in jsondecode(aws_iam_role_policy.late[0].policy).Statement :
      [for action in statement.Action : [for arn in statement.Resource : "${action} ${arn}"]]
      ])) == tolist([
      "ssm:GetParameter arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/late/pools/*/late",
      "ssm:GetParameter arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/late/files/*",
    ])
    error_message = "the controller reads what its pools apply, and writes nothing"
  }
}

run "without_a_place_nothing_is_late" {
  assert {
    condition     = length(aws_iam_role_policy.late) == 0 && output.late_policy_json == null
    error_message = "where nothing can lie nothing is granted"
  }
}

run "runs_as_a_container" {
  variables {
    runs_on = "ecs-tasks"
  }
  assert {
    condition     = output.instance_profile_name == null && jsondecode(aws_iam_role.controller.assume_role_policy).Statement[0].Principal.Service == "ecs-tasks.amazonaws.com"
    error_message = "a task takes the role itself"
  }
  assert {
    condition     = jsondecode(aws_iam_role.controller.assume_role_policy).Statement[0].Condition.StringEquals == { "aws:SourceAccount" = "123456789012" }
    error_message = "tasks of this account, no other"
  }
}

run "a_policy_under_another_name_is_refused" {
  command         = plan
  expect_failures = [var.pools]
  variables {
    pools = {
      linux = { policy_json = "{\"name\":\"gpu\"}", deployment = "workhorse", group_arn = "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:0", queue_arn = "q", key_arn = "k", template_arn = "t", role_arn = "r", network_arns = [] }
    }
  }
}

run "more_pools_than_a_role_has_room_for_are_refused" {
  command         = plan
  expect_failures = [var.pools]
  variables {
    pools = {
      for number in range(64) : "pool-${number}" => {
        policy_json = "{\"name\":\"pool-${number}\"}", deployment = "workhorse", group_arn = "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:0", queue_arn = "q", key_arn = "k", template_arn = "t", role_arn = "r", network_arns = []
      }
    }
  }
}

run "what_does_not_fit_into_a_role_is_refused" {
  command         = plan
  expect_failures = [aws_iam_role_policy.controller]
  variables {
    secret_parameters = [for number in range(200) : "/ci/a/secret/of/some/length/${number}"]
  }
}

run "a_name_longer_than_policies_count_on_is_refused" {
  command         = plan
  expect_failures = [var.pools]
  variables {
    pools = {
      a-name-of-thirty-three-characters = { policy_json = "{\"name\":\"a-name-of-thirty-three-characters\"}", deployment = "workhorse", group_arn = "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:0", queue_arn = "q", key_arn = "k", template_arn = "t", role_arn = "r", network_arns = [] }
    }
  }
}

run "longer_paths_than_policies_count_on_are_refused" {
  command         = plan
  expect_failures = [var.store_prefix, var.late_location, var.tags]
  variables {
    store_prefix  = "/${join("", [for number in range(48) : "s"])}"
    late_location = "s3://late-configuration/${join("", [for number in range(73) : "l"])}"
    tags          = { for number in range(41) : "tag-${number}" => "value" }
  }
}

run "illegal_values_are_refused" {
  command = plan
  expect_failures = [
    var.runs_on, var.log_days, var.secret_parameters, var.name, var.secrets, var.store_prefix,
    var.volume_key_arns, var.late_location,
  ]
  variables {
    runs_on       = "lambda"
    late_location = "s3://*"
    # Old providers do not offer it.
    log_days          = 1096
    secret_parameters = ["/ci/*"]
    name              = "Work Horse"
    secrets           = ["ci/*"]
    store_prefix      = "workhorse/"
    volume_key_arns   = ["alias/agents"]
  }
}

run "gives_cache_volumes_of_its_pools_to_agents_of_its_pools" {
  variables {
    volume_key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/3"]
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.volumes.policy).Statement :
      statement.Condition.StringEquals == { "aws:ResourceTag/workhorse:deployment" = ["workhorse"] } if contains(["GiveVolumes", "ToAgents", "TagVolumes"], statement.Sid)
    ])
    error_message = "what it attaches, to whom, and what it tags, is of its deployment"
  }
  assert {
    condition     = !anytrue([for statement in jsondecode(aws_iam_role_policy.volumes.policy).Statement : contains(["LaunchInZones", "FleetsFromTemplates", "AsFleets", "LookAtTemplates"], statement.Sid)])
    error_message = "it chooses no zone unless it is asked to"
  }
}

run "launches_in_zones_where_it_is_asked_to" {
  variables {
    prefer_warm_zone = true
  }
  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.volumes.policy).Statement : statement.Sid => statement.Condition if contains(["LaunchInZones", "FleetsFromTemplates"], statement.Sid) } == { for sid in ["LaunchInZones", "FleetsFromTemplates"] : sid => { StringEquals = { "aws:ResourceTag/workhorse:deployment" = ["workhorse"] } } }
    error_message = "into the groups of its deployment, from its templates, no other"
  }
}
