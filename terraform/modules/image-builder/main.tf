# What a bake needs of an account, and no more: where the machine that is baked stands, who it is,
# and a policy for whoever runs Packer. Nothing here costs anything while nobody bakes.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_subnet" "bake" {
  id = var.subnet_id
}

locals {
  name      = "${var.prefix}-bake"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  # No data.aws_region: provider 6 renamed its only useful attribute.
  region = split(":", aws_security_group.bake.arn)[3]
}

resource "aws_security_group" "bake" {
  # checkov:skip=CKV2_AWS_5: Packer attaches it to the machine that it bakes, for as long as that lives
  name_prefix = "${local.name}-"
  description = "Machines that are baked into images"
  vpc_id      = data.aws_subnet.bake.vpc_id
  tags        = merge(var.tags, { Name = local.name })

  # Packages come from mirrors of the distributions, some of them without TLS; what they hold is signed.
  dynamic "egress" {
    for_each = { 80 = "Package mirrors", 443 = "Package mirrors and AWS" }

    content {
      description = egress.value
      from_port   = egress.key
      to_port     = egress.key
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }

  # Nobody, or the networks that Packer runs in.
  dynamic "ingress" {
    for_each = length(var.ssh_cidrs) > 0 ? ["Packer"] : []

    content {
      description = ingress.value
      from_port   = 22
      to_port     = 22
      protocol    = "tcp"
      cidr_blocks = var.ssh_cidrs
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# What the machine itself may do while it is baked: nothing, unless Packer comes by Session Manager.
resource "aws_iam_role" "bake" {
  name = local.name
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_instance_profile" "bake" {
  name = local.name
  role = aws_iam_role.bake.name
}

resource "aws_iam_role_policy_attachment" "session" {
  count = var.session_manager ? 1 : 0

  role       = aws_iam_role.bake.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

# Both are attached to somebody, and another description would be another policy: it names no pool.
resource "aws_iam_policy" "packer" {
  name        = local.name
  description = "To bake images of agents: the machine"
  policy      = local.machine
  tags        = var.tags

  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_iam_policy" "images" {
  count = length(local.images)

  name        = "${local.name}-images-${count.index + 1}"
  description = "To bake images of agents: the images of some pools"
  policy      = local.images[count.index]
  tags        = var.tags
}
