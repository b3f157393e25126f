# The module's own logic, with a provider that answers out of thin air.

mock_provider "aws" {
  mock_resource "aws_ebs_volume" {
    defaults = { id = "vol-1", arn = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1" }
  }
}

variables {
  zones = ["eu-west-1a", "eu-west-1b"]
  pools = { linux = { tier = "trunk" } }
}

run "one_in_each_zone_encrypted_and_tagged" {
  assert {
    condition     = keys(output.volumes) == ["linux/trunk/eu-west-1a/1", "linux/trunk/eu-west-1b/1"]
    error_message = "one volume in each zone"
  }
  assert {
    condition     = alltrue([for volume in values(aws_ebs_volume.cache) : volume.encrypted && volume.type == "gp3" && volume.size == 100])
    error_message = "encrypted gp3"
  }
  assert {
    condition     = aws_ebs_volume.cache["linux/trunk/eu-west-1b/1"].availability_zone == "eu-west-1b"
    error_message = "a volume lies in the zone of its name"
  }
  assert {
    condition = aws_ebs_volume.cache["linux/trunk/eu-west-1a/1"].tags == tomap({
      Name                   = "workhorse-cache-linux-trunk-eu-west-1a-1"
      "workhorse:cache"      = "linux"
      "workhorse:tier"       = "trunk"
      "workhorse:deployment" = "workhorse"
    })
    error_message = "the controller finds it by its pool, and trusts it by its tier"
  }
  assert {
    condition     = length(output.volume_arns) == 2
    error_message = "every volume has an ARN"
  }
}

run "every_choice" {
  variables {
    prefix      = "ci"
    zones       = ["eu-west-1a"]
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1"
    tags        = { team = "build" }
    pools = {
      linux    = { tier = "trunk", per_zone = 2, gib = 500, iops = 6000, throughput = 500, snapshot_id = "snap-0123456789abcdef0" }
      branches = { tier = "pull-request" }
    }
  }
  assert {
    condition     = keys(output.volumes) == ["branches/pull-request/eu-west-1a/1", "linux/trunk/eu-west-1a/1", "linux/trunk/eu-west-1a/2"]
    error_message = "pools have as many as they say, of their own tier"
  }
  assert {
    condition = [for key in ["size", "iops", "throughput", "snapshot_id", "kms_key_id"] : tostring(aws_ebs_volume.cache["linux/trunk/eu-west-1a/2"][key])] == [
      "500", "6000", "500", "snap-0123456789abcdef0", "arn:aws:kms:eu-west-1:123456789012:key/1",
    ]
    error_message = "what a pool says is what its volumes are"
  }
  assert {
    condition     = aws_ebs_volume.cache["branches/pull-request/eu-west-1a/1"].tags["team"] == "build" && aws_ebs_volume.cache["branches/pull-request/eu-west-1a/1"].snapshot_id != "snap-0123456789abcdef0"
    error_message = "tags are everybody's, seeds are one pool's"
  }
}

run "no_zone" {
  command = plan
  variables {
    zones = []
  }
  expect_failures = [var.zones]
}

run "a_region_is_no_zone" {
  command = plan
  variables {
    zones = ["eu-west-1"]
  }
  expect_failures = [var.zones]
}

run "a_zone_twice" {
  command = plan
  variables {
    zones = ["eu-west-1a", "eu-west-1a"]
  }
  expect_failures = [var.zones]
}

run "another_tier" {
  command = plan
  variables {
    pools = { linux = { tier = "main" } }
  }
  expect_failures = [var.pools]
}

run "half_a_volume" {
  command = plan
  variables {
    pools = { linux = { tier = "trunk", per_zone = 1.5 } }
  }
  expect_failures = [var.pools]
}

run "too_large" {
  command = plan
  variables {
    pools = { linux = { tier = "trunk", gib = 16385 } }
  }
  expect_failures = [var.pools]
}

run "more_operations_than_a_small_volume_has" {
  command = plan
  variables {
    pools = { linux = { tier = "trunk", gib = 10, iops = 5001 } }
  }
  expect_failures = [var.pools]
}

run "more_throughput_than_its_operations_carry" {
  command = plan
  variables {
    pools = { linux = { tier = "trunk", throughput = 751 } }
  }
  expect_failures = [var.pools]
}

run "a_volume_is_no_snapshot" {
  command = plan
  variables {
    pools = { linux = { tier = "trunk", snapshot_id = "vol-0123456789abcdef0" } }
  }
  expect_failures = [var.pools]
}

run "an_alias_is_no_key" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/ebs"
  }
  expect_failures = [var.kms_key_arn]
}

run "memory_is_no_tag_of_yours" {
  command = plan
  variables {
    tags = { "workhorse:tier" = "trunk" }
  }
  expect_failures = [var.tags]
}

run "no_such_prefix" {
  command = plan
  variables {
    prefix = "Workhorse"
  }
  expect_failures = [var.prefix]
}

run "more_tags_than_a_volume_takes" {
  command = plan
  variables {
    tags = { for number in range(41) : "tag-${number}" => "value" }
  }
  expect_failures = [var.tags]
}
