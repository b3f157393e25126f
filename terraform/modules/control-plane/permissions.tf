# Everything the loops call, and nothing else. What changes something names what it may change.

locals {
  pools      = values(var.pools)
  parameters = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter"

  statements = {
    # AWS gives these no narrower resource.
    Look = {
      Action = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeLifecycleHooks",
        "ec2:DescribeImages",
        "ec2:DescribeInstances",
      ]
      Resource = "*"
    }
    Scale = {
      Action = [
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
      ]
      Resource = local.pools[*].group_arn
    }
    Receive = {
      Action = [
        "sqs:ReceiveMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
      ]
      Resource = local.pools[*].queue_arn
    }
    Decrypt = {
      Action   = ["kms:Decrypt"]
      Resource = local.pools[*].key_arn
    }
    # PutMetricData knows no resources; the namespace is what can be said.
    Publish = {
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = "*"
      Condition = { StringEquals = { "cloudwatch:namespace" = "workhorse" } }
    }
    # Nothing about KMS: the key aws/ssm lets whoever may read the parameter decrypt it.
    Read = {
      Action = ["ssm:GetParameter"]
      Resource = concat(
        [for name in var.secret_parameters : "${local.parameters}${name}"],
        [for parameter in aws_ssm_parameter.policy : parameter.arn],
      )
    }
    # Secrets Manager puts six characters of its own behind each name.
    ReadSecrets = {
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = [for name in var.secrets : "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${name}-??????"]
    }
    Log = {
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.controller.arn}:*"
    }
  }
}

resource "aws_iam_role_policy" "controller" {
  name = "run-pools"
  role = aws_iam_role.controller.id

  policy = jsonencode({
    Version = "2012-10-17"
    # A list of nobody is no statement: IAM refuses it.
    Statement = [
      for sid, statement in merge(local.statements, local.of_rollouts) :
      merge(statement, { Sid = sid, Effect = "Allow" }) if length(flatten([statement.Resource])) > 0
    ]
  })
}
