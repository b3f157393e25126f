# The module's own logic, with a provider that answers out of thin air.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_subnet" {
    defaults = { vpc_id = "vpc-1" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-1", arn = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/workhorse-bake" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/workhorse-bake" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/workhorse-bake" }
  }
}

variables {
  pools     = ["linux", "gpu"]
  subnet_id = "subnet-0123456789abcdef0"
}

run "nobody_comes_in_and_the_machine_may_do_nothing" {
  assert {
    condition     = length(aws_security_group.bake.ingress) == 0
    error_message = "there is no way in unless one is named"
  }
  assert {
    condition     = toset([for way in aws_security_group.bake.egress : way.from_port]) == toset([80, 443])
    error_message = "the way out is to the web only"
  }
  assert {
    condition     = length(aws_iam_role_policy_attachment.session) == 0
    error_message = "the machine that is baked has no rights"
  }
  assert {
    condition     = output.bake.security_group_id == "sg-1" && output.bake.iam_instance_profile == "workhorse-bake" && output.bake.subnet_id == "subnet-0123456789abcdef0" && output.bake.kms_key_id == ""
    error_message = "the output tells a bake what it needs"
  }
  assert {
    condition     = length(setintersection(flatten([for policy in values(output.packer_policies_json) : [for statement in jsondecode(policy).Statement : statement.Sid]]), ["KeepCandidates", "EncryptVolumes", "LendTheKeyToEc2", "LookAtPrices", "FleetOfOne", "UseFleetTemplates", "TagTheMachineAgain"])) == 0
    error_message = "what an input does not ask for is not granted"
  }
}

run "every_choice" {
  variables {
    ssh_cidrs       = ["10.0.0.0/16"]
    session_manager = true
    kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/1"
    spot            = true
    store_prefix    = "/workhorse"
    tags            = { team = "build" }
  }
  assert {
    condition     = [for way in aws_security_group.bake.ingress : "${way.from_port} ${way.cidr_blocks[0]}"] == ["22 10.0.0.0/16"]
    error_message = "Packer comes in from its network by SSH"
  }
  assert {
    condition     = aws_iam_role_policy_attachment.session[0].policy_arn == "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    error_message = "Session Manager is AWS' own policy"
  }
  assert {
    condition     = { for statement in jsondecode(aws_iam_policy.images[0].policy).Statement : statement.Sid => statement.Resource }["KeepCandidates"] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/linux/images/*", "arn:aws:ssm:eu-west-1:123456789012:parameter/workhorse/pools/gpu/images/*"]
    error_message = "candidates are kept for the pools named, no other"
  }
  assert {
    condition     = output.packer_policies_json == { machine = aws_iam_policy.packer.policy, images-1 = aws_iam_policy.images[0].policy }
    error_message = "the outputs are the policies that were made"
  }
}

run "more_pools_than_a_role_has_room_for_are_refused" {
  command         = plan
  expect_failures = [var.pools]
  variables {
    pools = [for number in range(81) : "pool-${number}"]
  }
}

run "longer_lists_than_aws_takes_are_refused" {
  command         = plan
  expect_failures = [var.ssh_cidrs, var.source_owners, var.store_prefix]
  variables {
    ssh_cidrs     = [for number in range(61) : "10.0.${number}.0/24"]
    source_owners = [for number in range(51) : format("%012d", number)]
    store_prefix  = "/${join("", [for number in range(48) : "s"])}"
  }
}

run "illegal_values_are_refused" {
  command = plan
  expect_failures = [
    var.prefix, var.pools, var.subnet_id, var.ssh_cidrs, var.source_owners, var.kms_key_arn,
    var.store_prefix, var.tags,
  ]
  variables {
    prefix        = "Work Horse"
    pools         = []
    subnet_id     = "here"
    ssh_cidrs     = ["0.0.0.0/0"]
    source_owners = ["amazon"]
    kms_key_arn   = "alias/images"
    store_prefix  = "workhorse"
    tags          = { for number in range(41) : "tag-${number}" => "value" }
  }
}
