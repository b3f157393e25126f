# What builds left running: it goes on while the agent alone ends, and not while the machine does.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    sweep=$BATS_TEST_DIRNAME/../../../scripts/agent/sweep
    mkdir "$BATS_TEST_TMPDIR/bin"
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH CGROUPS=$BATS_TEST_TMPDIR/groups STATE=stopping
    # The group of this very process, in a tree of our own, and one build in it.
    group=$CGROUPS$(sed -n 's/^0:://p' /proc/self/cgroup)
    mkdir -p "$group"
    tail -f /dev/null 3>&- &
    build=$!
    echo "$build" >"$group/cgroup.procs"
    printf '#!/bin/sh\necho "$STATE"\n' >"$BATS_TEST_TMPDIR/bin/systemctl"
    chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
}

teardown() {
    kill -KILL "$build" 2>/dev/null || true
}

@test "while the system runs, builds outlive their agent" {
    STATE=running run -0 "$sweep"
    run -0 kill -0 "$build"
}

@test "while the system stops they are ended" {
    run -0 "$sweep"
    run ! kill -0 "$build"
}

@test "nothing that ended already is no fault" {
    kill -KILL "$build"
    wait "$build" || true
    run -0 "$sweep"
}
