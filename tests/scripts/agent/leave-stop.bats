# `workhorse-leave stop` hands over to the program that has the deadline.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    leave=$BATS_TEST_DIRNAME/../../../scripts/agent/leave
    mkdir "$BATS_TEST_TMPDIR/bin"
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    printf '#!/bin/sh\necho "$PYTHONPATH $*"\n' >"$BATS_TEST_TMPDIR/bin/python3"
    chmod +x "$BATS_TEST_TMPDIR/bin/python3"
}

@test "a stop has a deadline, its own or the one given" {
    run -0 "$leave" stop
    assert_output "/usr/local/lib -P -m workhorse.stop"
    run -0 "$leave" stop --deadline 60
    assert_output "/usr/local/lib -P -m workhorse.stop --deadline 60"
}

@test "no module of the workspace that it is called from is run, and by root least of all" {
    rm "$BATS_TEST_TMPDIR/bin/python3"
    ln -s "$(command -v python3.11 || command -v python3)" "$BATS_TEST_TMPDIR/bin/python3"
    mkdir -p "$BATS_TEST_TMPDIR/workspace/workhorse"
    echo 'print("ours")' >"$BATS_TEST_TMPDIR/workspace/workhorse/stop.py"
    cd "$BATS_TEST_TMPDIR/workspace"
    run "$leave" stop --deadline 0
    refute_output --partial ours
    run "$BATS_TEST_DIRNAME/../../../scripts/agent/cache" --help
    assert_output --partial "usage: cache"
    echo 'print("ours")' >argparse.py
    run -0 "$BATS_TEST_DIRNAME/../../../scripts/agent/cache" --help
    refute_output --partial ours
}

@test "words that are not of a stop are no command" {
    run -1 "$leave" stop --deadline 60 now
    assert_output --partial usage
    run -1 "$leave" stopping
    assert_output --partial usage
}
