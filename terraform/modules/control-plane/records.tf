# What the controller writes, its log, and what it reads, the policy of each pool.

resource "aws_cloudwatch_log_group" "controller" {
  name              = "/${var.name}/controller"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.log.arn
  tags              = var.tags
}

resource "aws_kms_key" "log" {
  description             = "Log of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RolesOfThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "ThisLog"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = {
          ArnEquals = {
            "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/controller"
          }
        }
      },
    ]
  })
}

locals {
  # Below the deployment's own name nobody else writes.
  policies_of_pools = "${local.parameters}/${var.name}/pools/*/policy"
}

resource "aws_ssm_parameter" "policy" {
  # checkov:skip=CKV2_AWS_34: numbers, no secret; whoever may look at the pool may look at these
  for_each = var.pools

  name        = "/${var.name}/pools/${each.key}/policy"
  description = "The numbers of the pool ${each.key}, as modules/policy checked them."
  type        = "String"
  value       = each.value.policy_json
  tags        = var.tags
}
