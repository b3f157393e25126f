# What an agent may do, and so what every build on it may do: nearly nothing.

resource "aws_iam_role" "agent" {
  name = "${local.name}-agent"
  tags = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_instance_profile" "agent" {
  name = "${local.name}-agent"
  role = aws_iam_role.agent.name
}

# Nothing about KMS: the key aws/ssm, which SecureStrings get when nobody names another, lets whoever
# may read the parameter decrypt it. A key of your own needs a statement of your own.
resource "aws_iam_role_policy" "agent_parameters" {
  count = length(var.agent_parameters) > 0 ? 1 : 0

  name = "read-parameters"
  role = aws_iam_role.agent.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["ssm:GetParameter", "ssm:GetParameters"]
      Resource = [
        for name in var.agent_parameters :
        "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${name}"
      ]
    }]
  })
}

# Where a job on the agent itself completes the hook, and only there. IAM tells groups apart and not
# instances: with this a build can complete the hook of another agent of its own pool. Pools whose
# builds are not trusted that far keep release = "controller".
resource "aws_iam_role_policy" "agent_release" {
  count = var.policy.release == "job" ? 1 : 0

  name = "complete-own-hook"
  role = aws_iam_role.agent.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "autoscaling:CompleteLifecycleAction"
      Resource = aws_autoscaling_group.agents.arn
    }]
  })
}

# For rollouts by the matrix job, whose runs end the agents that they run on. The group is again all
# that IAM can tell apart: a build could end another agent of its own pool, through the hook.
resource "aws_iam_role_policy" "agent_leave" {
  count = var.matrix_rollouts ? 1 : 0

  name = "leave-own-group"
  role = aws_iam_role.agent.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "autoscaling:TerminateInstanceInAutoScalingGroup"
      Resource = aws_autoscaling_group.agents.arn
    }]
  })
}
