# Warm disks for agents: in each zone a few for each pool, of the pool's trust tier.
# Which agent has which is the controller's matter; it writes that, and the volume's memory, into tags.

locals {
  # The tier is part of what a volume is called: another tier is another volume, never an old one
  # that builds of less trust have written on.
  volumes = merge([
    for name, pool in var.pools : {
      for place in setproduct(var.zones, range(1, pool.per_zone + 1)) :
      "${name}/${pool.tier}/${place[0]}/${place[1]}" => merge(pool, { pool = name, zone = place[0] })
    }
  ]...)
}

resource "aws_ebs_volume" "cache" {
  # checkov:skip=CKV_AWS_189: a key of one's own is a choice (kms_key_arn); encrypted it is always
  # checkov:skip=CKV2_AWS_9: a cache is made anew from what it was made from; nobody backs it up
  for_each = local.volumes

  availability_zone = each.value.zone
  type              = "gp3"
  size              = each.value.gib
  iops              = each.value.iops
  throughput        = each.value.throughput
  snapshot_id       = each.value.snapshot_id
  encrypted         = true
  kms_key_id        = var.kms_key_arn == "" ? null : var.kms_key_arn

  tags = merge(var.tags, {
    Name                   = "${var.prefix}-cache-${replace(each.key, "/", "-")}"
    "workhorse:cache"      = each.value.pool
    "workhorse:tier"       = each.value.tier
    "workhorse:deployment" = var.prefix
  })

  lifecycle {
    # The memory of a volume, and what the controller took of its trust, are the controller's; a seed
    # is for new volumes, and no reason to throw warm ones away.
    ignore_changes = [
      snapshot_id,
      tags["workhorse:tier"], tags_all["workhorse:tier"],
      tags["workhorse:used-at"], tags_all["workhorse:used-at"],
      tags["workhorse:fill"], tags_all["workhorse:fill"],
      tags["workhorse:cache-state"], tags_all["workhorse:cache-state"],
    ]
  }
}
