# What happens on the machine: files up, Puppet down, Puppet again, everything private out.

locals {
  # The seal removes it, and so does nothing before: a failed bake leaves no image to clean.
  staging = "/tmp/workhorse-bake"
  as_root = "sudo env {{ .Vars }} bash '{{ .Path }}'"
}

build {
  name    = "workhorse"
  sources = ["source.amazon-ebs.agent"]

  provisioner "shell" {
    inline  = ["mkdir -p ${local.staging}/puppet ${local.staging}/agent"]
    timeout = "1m"
  }

  provisioner "file" {
    source      = "${var.puppet_dir}/"
    destination = "${local.staging}/puppet"
    timeout     = "5m"
  }

  provisioner "file" {
    source      = "${var.agent_dir}/"
    destination = "${local.staging}/agent"
    timeout     = "5m"
  }

  provisioner "shell" {
    script          = "${path.root}/scripts/prepare.sh"
    execute_command = local.as_root
    timeout         = "15m"
  }

  provisioner "shell" {
    script           = "${path.root}/scripts/apply.sh"
    execute_command  = local.as_root
    environment_vars = ["STAGING=${local.staging}", "POOL=${var.pool}"]
    timeout          = "30m"
  }

  provisioner "shell" {
    script           = "${path.root}/scripts/seal.sh"
    execute_command  = local.as_root
    environment_vars = ["STAGING=${local.staging}"]
    timeout          = "5m"
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
    custom_data = {
      pool          = var.pool
      os            = var.os
      commit        = var.commit
      puppet_digest = var.puppet_digest
      builder       = var.builder
      name          = local.ami_name
    }
  }
}
