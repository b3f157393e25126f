# The end of a boot that came to nothing.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    give_up=$BATS_TEST_DIRNAME/../../../scripts/agent/give-up
    mkdir "$BATS_TEST_TMPDIR/bin"
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH SAW=$BATS_TEST_TMPDIR/saw ACTIVE=0
    printf '#!/bin/sh\necho "$@" >>"$SAW"\n[ "$1" != is-active ] || exit "$ACTIVE"\n' \
        >"$BATS_TEST_TMPDIR/bin/systemctl"
    chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
}

@test "an instance whose agent runs is left alone" {
    run -0 "$give_up" workhorse-agent.service
    assert_equal "$(cat "$SAW")" "is-active --quiet workhorse-agent.service"
}

@test "an instance whose agent does not run has failed its boot, and the journal is told" {
    export ACTIVE=3
    run -1 "$give_up" workhorse-agent.service
    assert_output --partial "workhorse-agent.service does not run"
}

@test "without a unit's name nothing happens" {
    run "$give_up"
    assert_failure
    assert [ ! -e "$SAW" ]
}
