#!/usr/bin/env bats
# The host's verb `leave`, with a metadata service and an AWS CLI made of scripts.

bats_load_library bats-support
bats_load_library bats-assert

LEAVE="$BATS_TEST_DIRNAME/../../../scripts/agent/leave"

setup() {
    unset BUILD_TAG EXECUTOR_NUMBER NODE_NAME AWS_ENDPOINT_URL
    mkdir "$BATS_TEST_TMPDIR/bin"
    PATH="$BATS_TEST_TMPDIR/bin:$PATH"
    export CALLS="$BATS_TEST_TMPDIR/calls"
    program curl <<'END'
read -r header
case "$header ${!#}" in
    *ttl-seconds*/latest/api/token) echo secret ;;
    *token:\ secret*/latest/meta-data/instance-id) echo i-0abc ;;
    *token:\ secret*/latest/meta-data/placement/region) echo eu-west-1 ;;
    *) echo "unexpected: $header ${!#}" >&2; exit 22 ;;
esac
END
    program aws <<'END'
echo "$*" >>"$CALLS"
END
}

program() { # NAME, its body on stdin
    { echo '#!/bin/bash'; cat; } >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

@test "it names its own instance, in its own region" {
    run "$LEAVE" terminate
    assert_success
    run cat "$CALLS"
    assert_output --partial '--region eu-west-1 autoscaling terminate-instance-in-auto-scaling-group'
    assert_output --partial '{"InstanceId": "i-0abc", "ShouldDecrementDesiredCapacity": false}'
}

@test "on request the group becomes smaller, by one call" {
    run "$LEAVE" terminate --decrement
    assert_success
    run cat "$CALLS"
    assert_output --partial '"ShouldDecrementDesiredCapacity": true'
    assert_equal "${#lines[@]}" 1
}

@test "another endpoint is told to clients that do not read the variable themselves" {
    AWS_ENDPOINT_URL=http://127.0.0.1:9 run "$LEAVE" terminate
    assert_success
    run cat "$CALLS"
    assert_output --partial '--endpoint-url http://127.0.0.1:9 --region eu-west-1'
}

@test "where the group is at its minimum the instance is replaced" {
    program aws <<'END'
echo "$*" >>"$CALLS"
[[ $* == *false* ]] || { echo "would violate group's min size constraint" >&2; exit 254; }
END
    run "$LEAVE" terminate --decrement
    assert_success
    run cat "$CALLS"
    assert_line --index 0 --partial true
    assert_line --index 1 --partial false
}

@test "another refusal of AWS is told, and nothing else is tried" {
    program aws <<'END'
echo "$*" >>"$CALLS"; echo "AccessDenied: no" >&2; exit 254
END
    run "$LEAVE" terminate --decrement
    assert_failure
    assert_output --partial "AccessDenied: no"
    run cat "$CALLS"
    assert_equal "${#lines[@]}" 1
}

@test "a hook is completed by its name and its group's" {
    run "$LEAVE" complete "my group" drain
    assert_success
    run cat "$CALLS"
    assert_output --partial 'complete-lifecycle-action'
    assert_output --partial '"AutoScalingGroupName": "my group"'
    assert_output --partial '"LifecycleHookName": "drain", "InstanceId": "i-0abc"'
}

@test "a name that would break out of the JSON is refused" {
    run "$LEAVE" complete 'group", "x": "' drain
    assert_failure
    assert [ ! -e "$CALLS" ]
}

@test "other words are no command" {
    for words in "" "now" "terminate --force" "complete group" "terminate --decrement twice"; do
        # shellcheck disable=SC2086 # each a word of its own
        run "$LEAVE" $words
        assert_failure
        assert_output --partial usage
    done
}

@test "a metadata service that does not answer ends it" {
    program curl <<'END'
echo "curl: (28) timed out" >&2; exit 28
END
    run "$LEAVE" terminate
    assert_failure 28
    assert [ ! -e "$CALLS" ]
}

@test "a build on another executor than 0 is not alone" {
    BUILD_TAG=jenkins-a-1 NODE_NAME=leave-test EXECUTOR_NUMBER=1 run "$LEAVE" terminate
    assert_failure
    assert_output --partial "executor 1"
    assert [ ! -e "$CALLS" ]
}

@test "a build beside a process of another build of this node is not alone" {
    node="leave-test-$$"
    NODE_NAME=$node BUILD_TAG=jenkins-other-1 sleep 60 3>&- &
    other=$!
    export NODE_NAME=$node BUILD_TAG=jenkins-a-1 EXECUTOR_NUMBER=0
    run "$LEAVE" terminate
    kill "$other"
    assert_failure
    assert_output --partial "another build runs here: process $other"
    assert [ ! -e "$CALLS" ]
}

@test "a build that is alone may leave, whatever runs on other nodes" {
    NODE_NAME="another-$$" BUILD_TAG=jenkins-other-1 sleep 60 3>&- &
    other=$!
    export NODE_NAME="leave-test-$$" BUILD_TAG=jenkins-a-1 EXECUTOR_NUMBER=0
    run "$LEAVE" terminate
    kill "$other"
    assert_success
    assert [ -s "$CALLS" ]
}

@test "without the AWS CLI it asks boto3" {
    rm "$BATS_TEST_TMPDIR/bin/aws"
    mkdir "$BATS_TEST_TMPDIR/only"
    for name in bash curl timeout grep xargs; do
        ln -s "$(command -v "$name")" "$BATS_TEST_TMPDIR/only/$name"
    done
    program python3 <<'END'
echo "$3 $4 $5" >>"$CALLS"
echo "safe: $PYTHONSAFEPATH" >>"$CALLS"
END
    PATH="$BATS_TEST_TMPDIR/bin:$BATS_TEST_TMPDIR/only" run "$LEAVE" terminate
    assert_success
    run cat "$CALLS"
    assert_output --partial 'eu-west-1 terminate-instance-in-auto-scaling-group {"InstanceId"'
    assert_output --partial 'safe: 1' # a workspace may hold a json.py of its own
}
