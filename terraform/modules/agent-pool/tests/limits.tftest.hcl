# What AWS takes no more of is refused by the plan, and not by AWS in the middle of an apply.

mock_provider "aws" {}

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
  instance_types = ["m5.large"]
  subnet_ids     = ["subnet-1"]
  gateway        = { url = "https://gateway.example.com:8443/", audience = "workhorse" }
}

run "more_than_aws_takes_is_refused" {
  command = plan
  expect_failures = [
    var.instance_types, var.security_group_ids, var.user_data_lines, var.scheduled_sizes,
    var.agent_parameters, var.alarm_topic_arns, var.tags,
  ]
  variables {
    instance_types     = [for number in range(41) : "m5.${number}large"]
    security_group_ids = [for number in range(17) : "sg-${number}"]
    # 3700 quotes, of which a shell reads each as four characters.
    user_data_lines  = { TEAM = join("", [for number in range(925) : "''''"]) }
    scheduled_sizes  = { for number in range(126) : "size-${number}" => { recurrence = "0 6 * * *", size = 2 } }
    agent_parameters = [for number in range(120) : "/ci/token/${number}"]
    alarm_topic_arns = [for number in range(6) : "arn:aws:sns:eu-west-1:123456789012:calls-${number}"]
    tags             = { for number in range(41) : "tag-${number}" => "value" }
  }
}

run "a_name_that_is_too_long_for_a_role_is_refused" {
  command         = plan
  expect_failures = [var.policy]
  variables {
    policy = {
      name         = "a-name-of-thirty-three-characters"
      labels       = ["linux"]
      executors    = 2
      floor        = 1
      ceiling      = 20
      max_step     = 10
      boot_seconds = 120
      release      = "controller"
    }
  }
}

run "an_address_without_end_is_refused" {
  command         = plan
  expect_failures = [var.gateway]
  variables {
    gateway = { url = "https://${join("", [for number in range(32) : "gateway."])}example.com/", audience = "workhorse" }
  }
}

# EC2 counts bytes: these are 5600 characters of three each.
run "user_data_is_counted_in_bytes" {
  command         = plan
  expect_failures = [var.user_data]
  variables {
    gateway   = null
    user_data = join("", [for number in range(800) : "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"])
  }
}

run "a_tag_that_is_too_long_is_refused" {
  command         = plan
  expect_failures = [var.tags]
  variables {
    tags = { team = join("", [for number in range(257) : "t"]) }
  }
}

# EC2 would say so when it launches the first agent.
run "a_root_volume_that_is_faster_than_its_size_is_refused" {
  command         = plan
  expect_failures = [var.root_volume]
  variables {
    root_volume = { gib = 8, iops = 4001 }
  }
}

run "a_root_volume_with_more_throughput_than_operations_is_refused" {
  command         = plan
  expect_failures = [var.root_volume]
  variables {
    root_volume = { throughput = 751 }
  }
}

run "half_a_gibibyte_is_refused" {
  command         = plan
  expect_failures = [var.root_volume]
  variables {
    root_volume = { gib = 8.5 }
  }
}
