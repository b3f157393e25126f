# The end of a boot that came to nothing.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    give_up=$BATS_TEST_DIRNAME/../../../scripts/agent/give-up
    mkdir "$BATS_TEST_TMPDIR/bin"
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH SAW=$BATS_TEST_TMPDIR/saw ACTIVE=0 RAN=0
    printf '#!/bin/sh\necho "$@" >>"$SAW"\n[ "$1" != is-active ] || exit "$ACTIVE"\necho "$RAN"\n' \
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

@test "an agent that ran, and is just coming back, is left to its own limits" {
    # Jenkins may restart in the very second in which the timer looks; builds go on meanwhile.
    export ACTIVE=3 RAN=41530112
    run -0 "$give_up" workhorse-agent.service
    assert_output --partial "is coming back"
    assert_equal "$(tail -1 "$SAW")" \
        "show --property=ActiveEnterTimestampMonotonic --value workhorse-agent.service"
}

@test "a systemd that says nothing of it is no reason to stay" {
    export ACTIVE=3 RAN=
    run -1 "$give_up" workhorse-agent.service
}

@test "without a unit's name nothing happens" {
    run "$give_up"
    assert_failure
    assert [ ! -e "$SAW" ]
}
