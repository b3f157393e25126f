# Becoming the agent: the secret on stdin, the rest in the environment.

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load /usr/lib/bats/bats-file/load
    connect=$BATS_TEST_DIRNAME/../../../scripts/agent/connect
    export SAW=$BATS_TEST_TMPDIR/saw
    mkdir "$BATS_TEST_TMPDIR"/{bin,run,work}
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    export WORKHORSE_URL=http://jenkins.test/ci/ WORKHORSE_NAME=i-0abc
    export WORKHORSE_DIRECTORY=$BATS_TEST_TMPDIR/work RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/run
    export WORKHORSE_JAVA=$BATS_TEST_TMPDIR/bin/java WORKHORSE_JAVA_OPTIONS='-Xmx64m -XX:+Foo'
    unset WORKHORSE_CONNECT
    # Whoever is handed over to tells what it can see; the secret's file is read as Java reads it.
    program java '
        printf "%s\n" "$@" >"$SAW.options"
        env >"$SAW.environment"
        while [ "$1" != -secret ]; do shift; done
        cat "${2#@}" >"$SAW.secret"
        cat >"$SAW.stdin"
        pwd >"$SAW.place"'
    program curl '
        printf "%s\n" "$@" >"$SAW.curl"
        while [ "$1" != --output ]; do shift; done
        echo jar >"$2"'
}

program() {
    printf '#!/bin/bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

connected() {
    printf 0123abcd | "$connect"
}

@test "agent.jar of the controller becomes the process, with the unit's options" {
    run -0 connected
    assert_equal "$(tail -1 "$SAW.curl")" http://jenkins.test/ci/jnlpJars/agent.jar
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
    run grep -rl 0123abcd "$SAW.options" "$SAW.environment" "$BATS_TEST_TMPDIR/run" \
        "$BATS_TEST_TMPDIR/work"
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

@test "the download ends in bounded time, and then there is no agent" {
    program curl 'exit 22'
    run connected
    assert_failure
    assert_not_exist "$SAW.options"
    run -0 grep -e '--retry' -e '--max-time' -e '--connect-timeout' "$connect"
    assert_output --partial '--retry-max-time 300'
}

@test "a trial's own program is handed over to with the same options, and nothing is fetched" {
    mv "$BATS_TEST_TMPDIR/bin/java" "$BATS_TEST_TMPDIR/bin/trial"
    export WORKHORSE_CONNECT=$BATS_TEST_TMPDIR/bin/trial
    run -0 connected
    assert_equal "$(head -2 "$SAW.options" | paste -sd' ')" "-url http://jenkins.test/ci/"
    assert_equal "$(cat "$SAW.secret")" 0123abcd
    assert_not_exist "$SAW.curl"
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
