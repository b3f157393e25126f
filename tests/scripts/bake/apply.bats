# Applying the role in a bake: what Puppet's exit statuses come to.

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load /usr/lib/bats/bats-file/load
    apply=$BATS_TEST_DIRNAME/../../../packer/scripts/apply.sh
    export STAGING=$BATS_TEST_TMPDIR/staging POOL=linux SAW=$BATS_TEST_TMPDIR/saw
    mkdir -p "$BATS_TEST_TMPDIR/bin" "$STAGING/puppet/site-modules/profile" "$STAGING/agent"
    touch "$STAGING/agent/connect"
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    # Ends with the next of the statuses that the test wrote down.
    printf '#!/bin/bash\n%s\n' '
        echo "$FACTER_workhorse_pool $*" >>"$SAW"
        read -r status <"$SAW.statuses"
        sed -i 1d "$SAW.statuses"
        exit "$status"' >"$BATS_TEST_TMPDIR/bin/puppet"
    chmod +x "$BATS_TEST_TMPDIR/bin/puppet"
}

puppet_ends_with() {
    printf '%s\n' "$@" >"$SAW.statuses"
}

@test "changes and then none are a good bake, and the agent's scripts were in reach" {
    puppet_ends_with 2 0
    run -0 bash "$apply"
    assert_exist "$STAGING/puppet/site-modules/profile/files/agent/connect"
    assert_equal "$(wc -l <"$SAW")" 2
    run -0 grep -c "^linux apply .*--detailed-exitcodes .*site.pp" "$SAW"
    assert_output 2
}

@test "a second application that changes something fails the bake" {
    puppet_ends_with 2 2
    run bash "$apply"
    assert_failure 1
    assert_output --partial "second application"
}

@test "a failed resource or catalogue fails the bake with Puppet's status" {
    for status in 1 4 6; do
        puppet_ends_with $status 0
        run bash "$apply"
        assert_failure $status
        assert_output --partial "failed with $status"
    done
}

@test "applying again over what an earlier try left works" {
    puppet_ends_with 4 2 0
    run bash "$apply"
    assert_failure 4
    run -0 bash "$apply"
    assert_not_exist "$STAGING/puppet/site-modules/profile/files/agent/agent"
}
