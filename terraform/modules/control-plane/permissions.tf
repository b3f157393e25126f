# Everything the loops call, and nothing else. What changes something says what it may change: here by
# the tag of the deployment, which is as long for thirty pools as for one, and by ARN in pools.tf.
# docs/decisions/0028-policies-do-not-grow-with-pools.md

locals {
  pools       = values(var.pools)
  parameters  = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter"
  deployments = distinct(local.pools[*].deployment)

  # Nobody gives this tag but the modules that make pools and their volumes: the controller may write
  # it on nothing that is there.
  of_ours = { StringEquals = { "aws:ResourceTag/workhorse:deployment" = local.deployments } }

  # The name alone is no proof: "ci-test" begins as "ci" does.
  groups = [
    for deployment in local.deployments :
    "arn:${local.partition}:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${deployment}-*"
  ]

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
      Resource  = local.groups
      Condition = local.of_ours
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
        [local.policies_of_pools],
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

locals {
  run_pools = jsonencode({
    Version = "2012-10-17"
    # A list of nobody is no statement: IAM refuses it.
    Statement = [
      for sid, statement in merge(local.statements, local.of_rollouts) :
      merge(statement, { Sid = sid, Effect = "Allow" }) if length(flatten([statement.Resource])) > 0
    ]
  })

  inline = join("", compact([local.run_pools, local.keep_volumes, try(local.late_policies.controller, "")]))
}

resource "aws_iam_role_policy" "controller" {
  name   = "run-pools"
  role   = aws_iam_role.controller.id
  policy = local.run_pools

  # What moved from here to there is granted by both for a moment, and never by none.
  depends_on = [aws_iam_role_policy_attachment.pools]

  lifecycle {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    precondition {
      condition     = length(local.inline) <= 10240
      error_message = "The policies of the role ${var.name}-controller come to ${length(local.inline)} characters; legal: 10240 in all. What is long are secret_parameters, ${length(var.secret_parameters)}, secrets, ${length(var.secrets)}, volume_key_arns, ${length(var.volume_key_arns)}, and the pools' subnets and security groups, ${length(local.networks)}: have pools share them."
    }
  }
}
