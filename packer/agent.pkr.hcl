# The machine that is baked: a source image by filter and owner, never by a fixed id.

locals {
  sources = {
    "debian-12" = {
      # https://wiki.debian.org/Cloud/AmazonEC2Image/Bookworm
      owner = "136693071363"
      name  = "debian-12-${var.architecture}-*"
      user  = "admin"
    }
    "ubuntu-24.04" = {
      # https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
      owner = "099720109477"
      name  = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${var.architecture}-server-*"
      user  = "ubuntu"
    }
  }
  from     = local.sources[var.os]
  embedded = var.ec2_endpoint != ""
  stamp    = formatdate("YYYYMMDD-hhmmss", timestamp())
  ami_name = "workhorse-${var.pool}-${local.stamp}-${substr(var.commit, 0, 7)}"

  tags = {
    "Name"                    = local.ami_name
    "workhorse:pool"          = var.pool
    "workhorse:os"            = var.os
    "workhorse:commit"        = var.commit
    "workhorse:puppet-digest" = var.puppet_digest
    "workhorse:builder"       = var.builder
    "workhorse:base"          = "{{ .SourceAMI }}"
    "workhorse:base-name"     = "{{ .SourceAMIName }}"
  }
  # Whatever a bake leaves behind is found by the commit and the name of its image.
  run_tags = {
    "Name"             = "bake ${local.ami_name}"
    "workhorse:bake"   = local.ami_name
    "workhorse:pool"   = var.pool
    "workhorse:commit" = var.commit
  }
}

source "amazon-ebs" "agent" {
  ami_name             = local.ami_name
  region               = var.region
  instance_type        = var.instance_type
  spot_price           = var.spot ? "auto" : ""
  iam_instance_profile = var.iam_instance_profile
  subnet_id            = var.subnet_id
  security_group_id    = var.security_group_id

  temporary_security_group_source_cidrs = var.ssh_source_cidrs

  source_ami_filter {
    owners      = [local.from.owner]
    most_recent = true
    filters = {
      name                = local.from.name
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  # >1.6 --
  temporary_security_group_source_public_ip = length(var.ssh_source_cidrs) == 0

  # Both are attributes that are changed once the image is there, which whoever bakes may do to images
  # with the tag of a pool only: 1.6.6 tags them last, and may not.
  ami_description = "Jenkins agent of the pool ${var.pool}, commit ${var.commit}"
  imds_support    = "v2.0"

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  # <1.6 --

  # 3000 and 125 are what every gp3 volume has; 1.6.6 wants them said.
  launch_block_device_mappings {
    device_name           = var.os == "debian-12" ? "/dev/xvda" : "/dev/sda1"
    volume_type           = "gp3"
    volume_size           = var.root_gigabytes
    iops                  = 3000
    throughput            = 125
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  communicator              = "ssh"
  ssh_username              = local.from.user
  ssh_interface             = var.ssh_interface
  ssh_host                  = var.ssh_host
  ssh_port                  = var.ssh_port
  ssh_private_key_file      = var.ssh_private_key_file
  ssh_timeout               = "5m"
  ssh_handshake_attempts    = 20
  ssh_clear_authorized_keys = true

  shutdown_behavior = "terminate"

  aws_polling {
    delay_seconds = var.poll_seconds
    max_attempts  = 1800 / var.poll_seconds
  }

  tags            = local.tags
  snapshot_tags   = local.tags
  run_tags        = local.run_tags
  run_volume_tags = local.run_tags

  custom_endpoint_ec2        = var.ec2_endpoint
  skip_credential_validation = local.embedded
  skip_metadata_api_check    = local.embedded
  skip_region_validation     = local.embedded
}
