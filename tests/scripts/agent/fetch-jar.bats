# The jar that the agent is started with: whose it is, and what is done when it is not.
bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load /usr/lib/bats/bats-file/load
    fetch=$BATS_TEST_DIRNAME/../../../scripts/agent/fetch-jar
    export SAW=$BATS_TEST_TMPDIR/saw SERVES=jar
    mkdir "$BATS_TEST_TMPDIR"/{bin,runtime,run,state}
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    export WORKHORSE_URL=http://jenkins.test/ci/ RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/runtime
    export WORKHORSE_STATE=$BATS_TEST_TMPDIR/state WORKHORSE_RUN=$BATS_TEST_TMPDIR/run
    export WORKHORSE_BAKED=$BATS_TEST_TMPDIR/baked.jar WORKHORSE_BUILDS_USER=jenkins
    unset WORKHORSE_CONNECT WORKHORSE_WAY WORKHORSE_JAR_SHA256
    jar=$WORKHORSE_RUN/agent.jar
    program curl '
        printf "%s\n" "$@" >"$SAW.curl"
        while [ "$1" != --output ]; do shift; done
        printf %s "$SERVES" >"$2"'
    program systemd-run '
        printf "%s\n" "$@" >"$SAW.again"
        echo "WORKHORSE_JAR_SHA256=$NEWEST" >"$WORKHORSE_RUN/agent.env"'
}

program() {
    printf '#!/bin/bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

digest() {
    printf %s "$1" | sha256sum | cut -d' ' -f1
}

@test "Jenkins' own agent.jar is fetched, and its digest kept and told" {
    run -0 "$fetch"
    assert_equal "$(tail -1 "$SAW.curl")" http://jenkins.test/ci/jnlpJars/agent.jar
    assert_equal "$(cat "$jar")" jar
    assert_equal "$(cat "$WORKHORSE_STATE/agent.jar.sha256")" "$(digest jar)"
    assert_output --partial "agent.jar is sha256 $(digest jar)"
}

@test "everybody may read it and only root write it" {
    run -0 "$fetch"
    assert_equal "$(stat -c %a "$jar")" 644
}

@test "a build that outlived the agent cannot lead root elsewhere by a link" {
    # It may do in the agent's own directory what it likes, at any moment.
    echo private >"$SAW.victim"
    chmod 0600 "$SAW.victim"
    program curl '
        while [ "$1" != --output ]; do shift; done
        printf %s "$SERVES" >"$2"
        ln -sf "$SAW.victim" "$RUNTIME_DIRECTORY/agent.jar.part"
        ln -sf "$SAW.victim" "$RUNTIME_DIRECTORY/agent.jar"'
    run -0 "$fetch"
    assert_equal "$(stat -c %a "$SAW.victim")" 600
    assert_equal "$(cat "$SAW.victim")" private
    assert_equal "$(cat "$jar")" jar
}

@test "a disk that is full keeps no agent from coming back" {
    ln -s /dev/full "$WORKHORSE_STATE/agent.jar.sha256"
    run -0 "$fetch"
    assert_output --partial "agent.jar is sha256 $(digest jar)"
}

@test "in the way of Swarm it is Swarm's client" {
    WORKHORSE_WAY=swarm run -0 "$fetch"
    assert_equal "$(tail -1 "$SAW.curl")" http://jenkins.test/ci/swarm/swarm-client.jar
}

@test "an address with TLS never leads to one without" {
    WORKHORSE_URL=https://jenkins.test/ run -0 "$fetch"
    run -0 grep -A1 -x -e --proto "$SAW.curl"
    assert_line '=https'
}

@test "the jar that the gateway named is taken" {
    WORKHORSE_JAR_SHA256=$(digest jar) run -0 "$fetch"
    assert_not_exist "$SAW.again"
}

@test "after Jenkins was upgraded the gateway is asked again, and its new word counts" {
    export NEWEST WORKHORSE_JAR_SHA256
    NEWEST=$(digest jar) WORKHORSE_JAR_SHA256=$(digest older)
    run -0 "$fetch"
    assert_equal "$(cat "$jar")" jar
    run -0 cat "$SAW.again"
    assert_output --partial workhorse.register
    assert_line --regexp '^--unit=workhorse-' # so that its log is told when the agent fails for it
}

@test "a jar that the gateway does not know is never run" {
    export NEWEST WORKHORSE_JAR_SHA256
    NEWEST=$(digest another) WORKHORSE_JAR_SHA256=$(digest another)
    run -1 "$fetch"
    assert_output --partial 'not its agent.jar'
    assert_not_exist "$jar"
}

@test "a jar that cannot be vouched for, because nobody lets us in again, is never run" {
    program systemd-run 'exit 1'
    WORKHORSE_JAR_SHA256=$(digest another) run -1 "$fetch"
    assert_not_exist "$jar"
}

@test "where Jenkins serves none the one of the image is taken" {
    program curl 'exit 22'
    echo baked >"$WORKHORSE_BAKED"
    run -0 "$fetch"
    assert_equal "$(cat "$jar")" baked
    assert_output --partial 'the one of the image'
}

@test "the image's jar is not waited for as long as Jenkins', and neither for ever" {
    run -0 "$fetch"
    assert_equal "$(grep -A1 -x -e --retry-max-time "$SAW.curl" | tail -1)" 300
    echo baked >"$WORKHORSE_BAKED"
    run -0 "$fetch"
    assert_equal "$(grep -A1 -x -e --retry-max-time "$SAW.curl" | tail -1)" 60
}

@test "without any there is no agent" {
    program curl 'exit 22'
    run -1 "$fetch"
    assert_not_exist "$jar"
}

@test "Swarm's client has no stand-in on the image" {
    program curl 'exit 22'
    echo baked >"$WORKHORSE_BAKED"
    WORKHORSE_WAY=swarm run -1 "$fetch"
}

@test "a trial with a program of its own fetches nothing" {
    WORKHORSE_CONNECT=/bin/true run -0 "$fetch"
    assert_not_exist "$SAW.curl"
}
