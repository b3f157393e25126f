# The alarms of the ledger, with the same provider out of thin air as pool.tftest.hcl.

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

run "disagreements_call_people" {
  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:pager"]
  }
  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.ledger)) == "disagreement never-registered unheard"
    error_message = "the list of alarms changed: the runbook must change with it"
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.ledger : alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:pager"])])
    error_message = "every alarm for people calls them"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.ledger["never-registered"].dimensions == tomap({ Pool = "linux", Kind = "never-registered" })
    error_message = "one kind of disagreement calls by itself"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.ledger["disagreement"].dimensions == tomap({ Pool = "linux" })
    error_message = "the oldest of any kind calls"
  }
}
