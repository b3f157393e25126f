# The module's own logic, with a provider that answers out of thin air. The values below are those
# that the real provider checks or that our expressions take apart.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:workhorse-linux-hook" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = {
      id  = "https://sqs.eu-west-1.amazonaws.com/123456789012/workhorse-linux-events"
      arn = "arn:aws:sqs:eu-west-1:123456789012:workhorse-linux-events"
    }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/workhorse-linux" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/workhorse-linux" }
  }
  mock_resource "aws_launch_template" {
    defaults = {
      id             = "lt-0123456789abcdef0"
      arn            = "arn:aws:ec2:eu-west-1:123456789012:launch-template/lt-0123456789abcdef0"
      latest_version = 7
    }
  }
  mock_resource "aws_autoscaling_group" {
    defaults = { arn = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0:autoScalingGroupName/workhorse-linux" }
  }
  mock_resource "aws_autoscaling_policy" {
    defaults = { arn = "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:0:autoScalingGroupName/workhorse-linux" }
  }
}

variables {
  policy = {
    name         = "linux"
    labels       = ["linux"]
    executors    = 2
    floor        = 1
    ceiling      = 20
    max_step     = 10
    boot_seconds = 120
    release      = "controller"
  }
  image_id       = "ami-0123456789abcdef0"
  instance_types = ["m5.large", "m5a.large"]
  subnet_ids     = ["subnet-1", "subnet-2"]
  gateway        = { url = "https://gateway.example.com:8443/", audience = "workhorse" }
}

run "loop_mode_on_demand" {
  assert {
    condition     = aws_autoscaling_group.agents.min_size == 1 && aws_autoscaling_group.agents.max_size == 20
    error_message = "the group's limits are the policy's"
  }
  assert {
    condition     = aws_autoscaling_group.agents.mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 100
    error_message = "without spot everything is on-demand"
  }
  assert {
    condition     = [for override in aws_autoscaling_group.agents.mixed_instances_policy[0].launch_template[0].override : override.instance_type] == ["m5.large", "m5a.large"]
    error_message = "every instance type is offered, in order"
  }
  assert {
    condition     = aws_autoscaling_group.agents.mixed_instances_policy[0].launch_template[0].launch_template_specification[0].version == "7"
    error_message = "a new group begins with the newest version of its template"
  }
  assert {
    condition     = length(aws_autoscaling_policy.out) + length(aws_autoscaling_policy.in) + length(aws_cloudwatch_metric_alarm.jobs_wait) + length(aws_cloudwatch_metric_alarm.executors_idle) == 0
    error_message = "nothing but the loop sizes the group in loop mode"
  }
  assert {
    condition     = aws_launch_template.agent.metadata_options[0].http_tokens == "required" && aws_launch_template.agent.metadata_options[0].http_endpoint == "enabled" && aws_launch_template.agent.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "agents answer metadata requests with a token only, one hop far"
  }
  assert {
    condition     = aws_launch_template.agent.block_device_mappings[0].ebs[0].encrypted == "true" && aws_launch_template.agent.block_device_mappings[0].ebs[0].volume_type == "gp3"
    error_message = "the root volume is encrypted gp3"
  }
  assert {
    condition     = base64decode(aws_launch_template.agent.user_data) == "AGENT_WAY='gateway'\nAWS_REGION='eu-west-1'\nGATEWAY_AUDIENCE='workhorse'\nGATEWAY_URL='https://gateway.example.com:8443/'\n"
    error_message = "an agent is told of the gateway, and of nothing that is a secret"
  }
  assert {
    condition     = length(aws_iam_role_policy.agent_release) + length(aws_iam_role_policy.agent_parameters) + length(aws_iam_role_policy.agent_leave) == 0
    error_message = "an agent may do nothing unless asked for"
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.instance) == 0 && [for statement in jsondecode(aws_sqs_queue_policy.events.policy).Statement : statement.Sid] == ["SendSns", "OnlyEncrypted"]
    error_message = "a pool without spot hears no spot warnings, which come from the whole account"
  }
  assert {
    condition     = aws_autoscaling_lifecycle_hook.terminating.heartbeat_timeout == 3600 && aws_autoscaling_lifecycle_hook.terminating.default_result == "ABANDON"
    error_message = "the hook waits an hour for a sign of life, and says when nobody came"
  }
  assert {
    condition     = output.grants.network_arns == ["arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1", "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-2", "arn:aws:ec2:eu-west-1:123456789012:security-group/*"]
    error_message = "a canary goes where agents go"
  }
  assert {
    condition     = output.template_version == 7 && output.image_id == "ami-0123456789abcdef0"
    error_message = "the outputs tell which version holds the image"
  }
  assert {
    condition     = output.pool.group == "workhorse-linux" && output.pool.scaling == "loop" && output.pool.role == aws_iam_role.agent.name
    error_message = "the output tells workhorse what it needs"
  }
  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.pool.dashboard_body).widgets : widget.properties.region == "eu-west-1" && length(widget.properties.metrics) > 0 && alltrue([for metric in widget.properties.metrics : length(metric) == 4])])
    error_message = "each widget of the dashboard has a region and metrics of four parts"
  }
}

run "alarms_mode" {
  variables {
    scaling         = "alarms"
    user_data_lines = { TEAM = "it's $HOME", MIRROR = "https://mirror.example.com/" }
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.agent.user_data), "MIRROR='https://mirror.example.com/'\nTEAM='it'\\''s $HOME'\n")
    error_message = "more lines reach the image, each a value and no more"
  }
  assert {
    condition     = { for step in aws_autoscaling_policy.out[0].step_adjustment : step.metric_interval_lower_bound => step.scaling_adjustment } == { "0" = 1, "4" = 2, "16" = 8, "64" = 10 }
    error_message = "a step adds the agents for the jobs it begins with, at most max_step"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.jobs_wait[0].metric_name == "QueueLength" && aws_cloudwatch_metric_alarm.jobs_wait[0].threshold == 0
    error_message = "up when jobs wait"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.executors_idle[0].threshold == 3 && aws_cloudwatch_metric_alarm.executors_idle[0].period * aws_cloudwatch_metric_alarm.executors_idle[0].evaluation_periods == 50 * 60
    error_message = "in when more than 3 executors idle for 50 minutes"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.executors_idle[0].treat_missing_data == "notBreaching"
    error_message = "blind means still"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.jobs_wait[0].dimensions == tomap({ Pool = "linux" })
    error_message = "the metric is this pool's"
  }
}

run "spot_and_job_release" {
  variables {
    policy = {
      name         = "linux"
      labels       = ["linux"]
      executors    = 1
      floor        = 0
      ceiling      = 5
      max_step     = 10
      boot_seconds = 120
      release      = "job"
    }
    spot               = { on_demand_base = 1 }
    security_group_ids = ["sg-1"]
    matrix_rollouts    = true
    agent_parameters   = ["/ci/agent-secret"]
    gateway            = null
    user_data          = "#!/bin/sh\n"
    scheduled_sizes    = { morning = { recurrence = "0 6 * * 1-5", size = 5 } }
    tags               = { team = "build" }
  }
  assert {
    condition     = aws_autoscaling_group.agents.mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 0 && aws_autoscaling_group.agents.mixed_instances_policy[0].instances_distribution[0].on_demand_base_capacity == 1
    error_message = "above the base all is spot"
  }
  assert {
    condition     = join(" ", keys(aws_cloudwatch_event_rule.instance)) == "rebalance spot" && [for statement in jsondecode(aws_sqs_queue_policy.events.policy).Statement : statement.Sid] == ["SendSns", "SendEvents", "OnlyEncrypted"]
    error_message = "a pool on spot hears what EC2 takes back"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.agent_release[0].policy).Statement[0].Resource == aws_autoscaling_group.agents.arn
    error_message = "an agent may complete the hook of its own group, no other"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.agent_leave[0].policy).Statement[0].Resource == aws_autoscaling_group.agents.arn
    error_message = "an agent may end instances of its own group, no other"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.agent_parameters[0].policy).Statement[0].Resource == ["arn:aws:ssm:eu-west-1:123456789012:parameter/ci/agent-secret"]
    error_message = "an agent may read the parameters named, no other"
  }
  assert {
    condition     = [for arn in output.grants.network_arns : arn if strcontains(arn, "security-group")] == ["arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1"]
    error_message = "a canary gets the agents' own security groups"
  }
  assert {
    condition     = base64decode(aws_launch_template.agent.user_data) == "#!/bin/sh\n"
    error_message = "user data arrives as given"
  }
  assert {
    condition     = aws_autoscaling_schedule.size["morning"].desired_capacity == 5 && aws_autoscaling_schedule.size["morning"].min_size == -1 && aws_autoscaling_schedule.size["morning"].max_size == -1
    error_message = "a schedule moves the size and leaves the limits alone"
  }
  assert {
    condition     = { for tag in aws_autoscaling_group.agents.tag : tag.key => tag.value } == { team = "build", Name = "workhorse-linux", "workhorse:pool" = "linux", "workhorse:deployment" = "workhorse" }
    error_message = "agents carry the tags given, their name and their pool"
  }
}

run "alarms_for_people_reach_the_topics" {
  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:pager"]
    alarm_after      = { wait = 120, drain = 600 }
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.people : alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:pager"])])
    error_message = "every alarm for people calls them"
  }
  assert {
    condition     = join(" ", keys(output.alarm_names)) == "dead-letters disagreement drain-age never-registered queue-wait rollout-failed silent unheard"
    error_message = "the list of alarms changed: the runbook must change with it"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.people["queue-wait"].threshold == 120 && aws_cloudwatch_metric_alarm.people["drain-age"].threshold == 600
    error_message = "people are called after the seconds given"
  }
}

run "the_longest_names_fit" {
  command = plan
  variables {
    prefix = "a234567890123456"
    policy = {
      name         = "a2345678901234567890123456789012"
      labels       = ["linux"]
      executors    = 1
      floor        = 0
      ceiling      = 1
      max_step     = 1
      boot_seconds = 1
      release      = "job"
    }
    scaling = "alarms"
    spot    = {}
  }
  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.instance : length(rule.name) <= 64]) && length(aws_iam_role.agent.name) <= 64 && length(aws_iam_role.hook.name) <= 64 && length(aws_sqs_queue.events.name) <= 80
    error_message = "AWS takes 64 characters for rules and roles and 80 for queues"
  }
}

# One run for all of them: each run starts the provider anew. Every variable named must fail.
run "illegal_values_are_refused" {
  command = plan
  expect_failures = [
    var.image_id, var.instance_types, var.subnet_ids, var.root_volume, var.spot, var.scaling,
    var.scheduled_sizes, var.heartbeat_seconds, var.agent_parameters, var.tags, var.prefix,
    var.alarm_after, var.user_data, var.user_data_lines,
  ]
  variables {
    image_id          = "latest"
    instance_types    = []
    subnet_ids        = ["subnet-1", "subnet-1"]
    root_volume       = { iops = 100 }
    spot              = { on_demand_percent = 101 }
    scaling           = "both"
    scheduled_sizes   = { morning = { recurrence = "0 6 * * *", size = 21 } }
    heartbeat_seconds = 7201
    agent_parameters  = ["/ci/*"]
    tags              = { "workhorse:pool" = "other" }
    prefix            = "CI"
    alarm_after       = { wait = 0 }
    user_data         = join("", [for n in range(1024) : "01234567890123456"])
    user_data_lines   = { GATEWAY_URL = "http://elsewhere/" }
  }
}

run "other_illegal_values_are_refused" {
  command = plan
  expect_failures = [
    var.instance_types, var.subnet_ids, var.root_volume, var.spot, var.scheduled_sizes,
    var.heartbeat_seconds, var.tags, var.user_data, var.user_data_lines,
  ]
  variables {
    user_data         = "AGENT_WAY=swarm"
    user_data_lines   = { TEAM = "build\nGATEWAY_URL=http://elsewhere/" }
    instance_types    = ["m5.large", "m5.large"]
    subnet_ids        = []
    root_volume       = { throughput = 1001 }
    spot              = { on_demand_base = -1 }
    scheduled_sizes   = { morning = { recurrence = "0 0 6 * * *", size = 2 } }
    heartbeat_seconds = 29
    tags              = { Name = "mine" }
  }
}

run "an_agent_that_is_told_nothing_is_refused" {
  command         = plan
  expect_failures = [var.user_data, var.user_data_lines]
  variables {
    gateway         = null
    user_data_lines = { TEAM = "build" }
  }
}

# What depends on the gateway is not looked at once the gateway is refused.
run "an_address_that_a_shell_would_run_is_refused" {
  command         = plan
  expect_failures = [var.gateway]
  variables {
    gateway = { url = "https://gateway.example.com$(id)/", audience = "workhorse" }
  }
}

run "a_gateway_without_an_audience_is_refused" {
  command         = plan
  expect_failures = [var.gateway]
  variables {
    gateway = { url = "https://gateway.example.com/", audience = "" }
  }
}
