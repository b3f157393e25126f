# Becoming the agent: the secret on stdin, the rest in the environment.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load /usr/lib/bats/bats-file/load
    connect=$BATS_TEST_DIRNAME/../../../scripts/agent/connect
    export SAW=$BATS_TEST_TMPDIR/saw
    mkdir "$BATS_TEST_TMPDIR"/{bin,run,own,work}
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    export WORKHORSE_URL=http://jenkins.test/ci/ WORKHORSE_NAME=i-0abc
    export WORKHORSE_DIRECTORY=$BATS_TEST_TMPDIR/work RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/own
    export WORKHORSE_RUN=$BATS_TEST_TMPDIR/run
    export WORKHORSE_JAVA=$BATS_TEST_TMPDIR/bin/java WORKHORSE_JAVA_OPTIONS='-Xmx64m -XX:+Foo'
    unset WORKHORSE_CONNECT WORKHORSE_WAY WORKHORSE_CONNECTION
    # Whoever is handed over to tells what it can see; the secret's file is read as Java reads it.
    program java '
        printf "%s\n" "$@" >"$SAW.options"
        env >"$SAW.environment"
        while [ "$1" != -secret ]; do shift; done
        cat "${2#@}" >"$SAW.secret"
        cat >"$SAW.stdin"
        pwd >"$SAW.place"'
}

program() {
    printf '#!/bin/bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

connected() {
    printf 0123abcd | "$connect"
}

@test "agent.jar becomes the process, with the unit's options" {
    run -0 connected
    assert_equal "$(head -4 "$SAW.options" | paste -sd' ')" \
        "-Xmx64m -XX:+Foo -jar $BATS_TEST_TMPDIR/run/agent.jar"
    run -0 paste -sd' ' "$SAW.options"
    assert_output --partial "-url http://jenkins.test/ci/ -name i-0abc"
    assert_output --partial "-webSocket -workDir $BATS_TEST_TMPDIR/work"
    assert_equal "$(cat "$SAW.place")" "$BATS_TEST_TMPDIR/work"
}

@test "the secret arrives without a name and stands nowhere else" {
    run -0 connected
    assert_equal "$(cat "$SAW.secret")" 0123abcd
    assert_equal "$(cat "$SAW.stdin")" ""
    run grep -rl 0123abcd "$SAW.options" "$SAW.environment" "$BATS_TEST_TMPDIR"/{run,own,work}
    assert_output ""
}

@test "an agent that begins anew after it lost Jenkins finds the secret again" {
    # As UnixSlaveRestarter of Jenkins does: the same command line, in the same process, with
    # nothing left open but stdin, stdout and stderr. If it ended instead, so would all builds.
    program java '
        given=("$@")
        while [ "$1" != -secret ]; do shift; done
        cat "${2#@}" >>"$SAW.secret"; echo >>"$SAW.secret"
        [ "$(wc -l <"$SAW.secret")" -lt 3 ] || exit 0
        for each in /proc/$$/fd/*; do
            each=${each##*/}
            [ "$each" -le 2 ] || [ "$each" = 255 ] || eval "exec $each>&-"
        done
        exec "$0" "${given[@]}"'
    run -0 connected
    assert_equal "$(paste -sd' ' "$SAW.secret")" "0123abcd 0123abcd 0123abcd"
}

@test "without WebSocket it comes by Jenkins' TCP port" {
    WORKHORSE_CONNECTION=tcp run -0 connected
    run -0 cat "$SAW.options"
    refute_output --partial -webSocket
    assert_output --partial -workDir
}

@test "Swarm's client gets the node's name as it is, keeps the node, and may take it over" {
    export WORKHORSE_WAY=swarm WORKHORSE_USER=agents WORKHORSE_LABELS='linux docker'
    export WORKHORSE_EXECUTORS=3 WORKHORSE_MODE=exclusive
    program java '
        printf "%s\n" "$@" >"$SAW.options"
        env >"$SAW.environment"
        while [ "$1" != -passwordFile ]; do shift; done
        cat "$2" >"$SAW.secret"'
    run -0 connected
    run -0 paste -sd'|' "$SAW.options"
    assert_output --partial "-name|i-0abc|-fsroot|$BATS_TEST_TMPDIR/work|-username|agents"
    assert_output --partial '-passwordFile|/dev/fd/0|-labels|linux docker|-executors|3'
    assert_output --partial '-mode|exclusive|-webSocket|-disableClientsUniqueId'
    assert_output --partial '-keepDisconnectedClients|-deleteExistingClients'
    # Its EXPONENTIAL overflows at the 29th try, and then it tries without any pause.
    assert_output --partial '-retryBackOffStrategy|LINEAR|-retryInterval|10|-maxRetryInterval|120'
    assert_equal "$(cat "$SAW.secret")" 0123abcd
    run grep -l 0123abcd "$SAW.options" "$SAW.environment"
    assert_output ""
}

@test "a trial's own program is handed over to with the same options" {
    mv "$BATS_TEST_TMPDIR/bin/java" "$BATS_TEST_TMPDIR/bin/trial"
    export WORKHORSE_CONNECT=$BATS_TEST_TMPDIR/bin/trial
    run -0 connected
    assert_equal "$(head -2 "$SAW.options" | paste -sd' ')" "-url http://jenkins.test/ci/"
    assert_equal "$(cat "$SAW.secret")" 0123abcd
}

@test "without a secret it says so and starts nothing" {
    run "$connect" </dev/null
    assert_failure 1
    assert_output --partial "no secret"
    assert_not_exist "$SAW.options"
}

@test "without the files of the registration it names what is missing" {
    unset WORKHORSE_NAME
    run connected
    assert_failure
    assert_output --partial WORKHORSE_NAME
}
