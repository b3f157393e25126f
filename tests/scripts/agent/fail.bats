# The last word of a boot that failed: to the console and to the controller, whatever comes of it.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load /usr/lib/bats/bats-file/load
    fail=$BATS_TEST_DIRNAME/../../../scripts/agent/fail
    export SAW=$BATS_TEST_TMPDIR/saw CONSOLE=$BATS_TEST_TMPDIR/console
    export RUN=$BATS_TEST_TMPDIR/run
    mkdir "$BATS_TEST_TMPDIR"/{bin,run}
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    program journalctl 'printf "%s\n" "$@" >"$SAW.journalctl"; echo "workhorse: gave up"'
    program python3 'printf "%s\n" "$@" >"$SAW.python3"; cat >"$SAW.told"'
}

program() {
    printf '#!/bin/bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

@test "the journal of this boot goes to the console and to the gateway" {
    run -0 "$fail"
    assert_equal "$(cat "$CONSOLE")" "workhorse: gave up"
    assert_equal "$(cat "$SAW.told")" "workhorse: gave up"
    run -0 paste -sd' ' "$SAW.journalctl"
    assert_output --partial "--boot"
    assert_output --partial "--unit=workhorse-*"
    run -0 cat "$SAW.python3"
    assert_line workhorse.failed
}

@test "of a long journal the end is told" {
    program journalctl 'yes line | head -c 200000; echo the end'
    run -0 "$fail"
    assert_equal "$(tail -1 "$SAW.told")" "the end"
    assert_equal "$(stat -c %s "$SAW.told")" 65536
}

@test "a console that is not there does not keep the controller from hearing" {
    CONSOLE=$BATS_TEST_TMPDIR/no/console run -0 "$fail"
    assert_exist "$SAW.told"
}

@test "a journal that cannot be read does not keep anybody from hearing" {
    program journalctl 'exit 1'
    run -0 "$fail"
    assert_exist "$SAW.told"
}

@test "a disk that is full, or cannot be written, keeps nobody from hearing" {
    program journalctl 'ls "$RUN" >"$SAW.file"; echo "workhorse: gave up"'
    TMPDIR=/proc run -0 "$fail"
    assert_equal "$(cat "$SAW.told")" "workhorse: gave up"
    assert [ -s "$SAW.file" ]
    assert_equal "$(ls "$RUN")" ""
}

@test "every step has an end, and all of them one before the unit's" {
    run -0 grep -o 'timeout [0-9]*' "$fail"
    local sum=0 each
    for each in "${lines[@]}"; do sum=$((sum + ${each#timeout })); done
    assert [ "$sum" -lt 60 ]
}
