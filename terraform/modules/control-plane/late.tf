# Late configuration: the controller reads it for the agents, people publish it. Agents read nothing
# by themselves.

locals {
  late_in_s3 = startswith(var.late_location, "s3://")
  late_path  = replace(trimsuffix(var.late_location, "/"), "/^(s3://|ssm:)/", "")
  late       = local.late_in_s3 ? "arn:${local.partition}:s3:::${local.late_path}" : "${local.parameters}${local.late_path}"
  late_pools = [for name in keys(var.pools) : "${local.late}/pools/${name}/late"]

  late_calls = local.late_in_s3 ? {
    read   = ["s3:GetObject"]
    change = ["s3:PutObject", "s3:DeleteObject"]
    make   = ["s3:PutObject"]
    } : {
    read   = ["ssm:GetParameter"]
    change = ["ssm:PutParameter", "ssm:DeleteParameter"]
    make   = ["ssm:PutParameter"]
  }

  read_late = {
    # The files are those of every list, so lists are read as one as well.
    ReadLate = {
      Action   = local.late_calls.read
      Resource = ["${local.late}/pools/*/late", "${local.late}/files/*"]
    }
    # Whoever may not list is told AccessDenied of what is not there, which is no answer. What S3
    # asks itself then carries no prefix, so none can be demanded.
    TellThatNothingIsLate = {
      Action   = ["s3:ListBucket"]
      Resource = local.late_in_s3 ? ["arn:${local.partition}:s3:::${split("/", local.late_path)[0]}"] : []
    }
  }

  publish_late = {
    PublishLate = {
      Action   = local.late_calls.change
      Resource = local.late_pools
    }
    # Named by their digests: what is there already can only be made what it is.
    MakeLateFiles = {
      Action   = local.late_calls.make
      Resource = ["${local.late}/files/*"]
    }
  }

  late_policies = { for whose, statements in {
    controller = local.read_late
    people     = merge(local.read_late, local.publish_late, local.of_everybody)
    } : whose => jsonencode({
      Version = "2012-10-17"
      Statement = [
        for sid, statement in statements :
        merge(statement, { Sid = sid, Effect = "Allow" }) if length(statement.Resource) > 0
      ]
  }) if var.late_location != "" }
}

resource "aws_iam_role_policy" "late" {
  count = var.late_location == "" ? 0 : 1

  name   = "read-late-configuration"
  role   = aws_iam_role.controller.id
  policy = local.late_policies.controller
}
