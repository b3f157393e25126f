# The rules of the policy's numbers. No provider, no state worth keeping.

run "defaults_are_filled_in" {
  command = plan
  variables {
    pool = { name = "linux", labels = ["linux", "docker"], ceiling = 20 }
  }
  assert {
    condition = jsondecode(output.json) == {
      name              = "linux"
      labels            = ["linux", "docker"]
      executors         = 1
      floor             = 0
      ceiling           = 20
      buffer            = 0
      idle_seconds      = 300
      cool_down_seconds = 60
      max_step          = 50
      boot_seconds      = 300
      settle_seconds    = 15
      scale_in          = true
      release           = "controller"
    }
    error_message = "the defaults changed: workhorse.core.model.Policy must change with them"
  }
}

run "a_full_policy_passes_unchanged" {
  command = plan
  variables {
    pool = {
      name              = "gpu"
      labels            = ["gpu"]
      executors         = 4
      floor             = 3
      ceiling           = 3
      buffer            = 3
      idle_seconds      = 0
      cool_down_seconds = 0
      max_step          = 1
      boot_seconds      = 0.5 + 0.5
      settle_seconds    = 5
      scale_in          = false
      release           = "job"
    }
  }
  assert {
    condition     = output.policy.release == "job" && output.policy.scale_in == false && output.policy.floor == output.policy.ceiling
    error_message = "the edges of every range are legal"
  }
}

run "a_name_with_capitals_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "Linux", labels = ["linux"], ceiling = 5 }
  }
}

run "an_empty_name_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "", labels = ["linux"], ceiling = 5 }
  }
}

run "no_labels_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = [], ceiling = 5 }
  }
}

run "a_label_that_is_an_expression_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux&&docker"], ceiling = 5 }
  }
}

run "labels_that_no_parameter_holds_are_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = [for number in range(300) : "a-label-${number}"], ceiling = 5 }
  }
}

run "a_label_given_twice_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux", "linux"], ceiling = 5 }
  }
}

run "no_executors_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, executors = 0 }
  }
}

run "half_an_executor_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, executors = 1.5 }
  }
}

run "a_negative_floor_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, floor = -1 }
  }
}

run "a_ceiling_below_the_floor_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, floor = 6 }
  }
}

run "a_buffer_above_the_ceiling_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, buffer = 6 }
  }
}

run "a_negative_buffer_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, buffer = -1 }
  }
}

run "a_negative_idle_time_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, idle_seconds = -1 }
  }
}

run "a_negative_cool_down_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, cool_down_seconds = -1 }
  }
}

run "a_step_of_nothing_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, max_step = 0 }
  }
}

run "an_instant_boot_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, boot_seconds = 0 }
  }
}

run "a_settle_time_that_is_a_race_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, settle_seconds = 4 }
  }
}

run "a_release_nobody_does_is_refused" {
  command         = plan
  expect_failures = [var.pool]
  variables {
    pool = { name = "linux", labels = ["linux"], ceiling = 5, release = "cron" }
  }
}
