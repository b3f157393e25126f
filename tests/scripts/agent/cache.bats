# The cache of an instance from the claim to the mounted volume and back, on loop devices.

bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load disks
    disks_or_skip
    cache=$BATS_TEST_DIRNAME/../../../scripts/agent/cache
    export WORKHORSE_RUN=$BATS_TEST_TMPDIR/run WORKHORSE_CACHE=$BATS_TEST_TMPDIR/cache
    export WORKHORSE_SYS=$BATS_TEST_TMPDIR/sys WORKHORSE_APPEAR_SECONDS=1
    export ASKED=$BATS_TEST_TMPDIR/asked ANSWER=$BATS_TEST_TMPDIR/answer
    export WORKHORSE_SPEAK=$BATS_TEST_TMPDIR/speak
    mkdir "$WORKHORSE_RUN"
    printf 'GATEWAY_URL=http://gateway.test/\nCACHE=yes\n' >"$WORKHORSE_RUN/agent.env"
    touch "$ASKED"
    printf '#!/bin/bash\n%s\n' '
        body=$(cat)
        echo "$4 $body" >>"$ASKED"
        [[ ! -e $ANSWER.fails ]] || { echo "nobody answers" >&2; exit 1; }
        if [[ $4 == */claim ]]; then cat "$ANSWER"; else echo "{}"; fi' >"$WORKHORSE_SPEAK"
    chmod +x "$WORKHORSE_SPEAK"
}

teardown() {
    end_disks "$WORKHORSE_CACHE"
}

attached() { # DISK STATE: the gateway gives this one, and it has the volume's serial number
    local sys=$WORKHORSE_SYS/class/block/${1##*/}/device
    mkdir -p "$sys"
    printf 'vol0123456789abcdef0 \n' >"$sys/serial"
    echo "{\"volume\": \"vol-0123456789abcdef0\", \"device\": \"/dev/sdz\", \"state\": \"$2\"}" >"$ANSWER"
}

told() { # the bodies that the gateway got for this path
    sed -n "s|^/v1/volume/$1 ||p" "$ASKED"
}

field() { # PATH KEY: of the last such body
    told "$1" | tail -1 | python3 -c "import json, sys; print(json.load(sys.stdin)['$2'])"
}

works_without() { # an empty directory, and the agent goes on
    assert_success
    assert [ -d "$WORKHORSE_CACHE" ]
    refute findmnt "$WORKHORSE_CACHE"
    assert_equal "$(ls -A "$WORKHORSE_CACHE")" ""
}

@test "a new volume is formatted, mounted, told of, and let go when the agent leaves" {
    disk 32
    attached "$disk" new
    run -0 "$cache" mount
    assert findmnt "$WORKHORSE_CACHE"
    assert_equal "$(field report mounted) $(field report wiped)" "True False"
    run -0 "$cache" release
    refute findmnt "$WORKHORSE_CACHE"
    assert_equal "$(field release volume)" vol-0123456789abcdef0
    assert_regex "$(field release fill)" '^0\.[0-9]+$'
    assert_equal "$(told claim)" "{}"
}

@test "the next agent finds what the last one left" {
    disk 32
    attached "$disk" new
    "$cache" mount
    mkdir "$WORKHORSE_CACHE/git"
    echo kept >"$WORKHORSE_CACHE/git/file"
    "$cache" release
    attached "$disk" warm
    run -0 "$cache" mount
    assert_equal "$(cat "$WORKHORSE_CACHE/git/file")" kept
}

@test "to mount twice is to mount once" {
    disk 32
    attached "$disk" new
    run -0 "$cache" mount
    run -0 "$cache" mount
    assert_output --partial "mounted already"
    assert_equal "$(told claim | wc -l)" 1
    assert_equal "$(findmnt --noheadings "$WORKHORSE_CACHE" | wc -l)" 1
}

@test "a foreign file system is left alone, told of and given back" {
    disk 32
    mkswap "$disk"
    before=$(sha256sum <"$disk")
    attached "$disk" new
    run "$cache" mount
    works_without
    assert_equal "$(field report because)" "foreign: it holds swap"
    assert_equal "$(field report mounted)" False
    assert_equal "$(field release fill)" None
    assert_equal "$(sha256sum <"$disk")" "$before"
}

@test "a corrupt one of ours is wiped, and that is told" {
    disk 32
    attached "$disk" new
    "$cache" mount
    "$cache" release
    damage "$disk"
    attached "$disk" warm
    run -0 "$cache" mount
    assert findmnt "$WORKHORSE_CACHE"
    assert_equal "$(field report mounted) $(field report wiped)" "True True"
}

@test "a corrupt one of somebody else is left alone, and that is told" {
    disk 32
    mkfs.ext4 -q -L payroll "$disk"
    damage "$disk"
    attached "$disk" seeded
    run "$cache" mount
    works_without
    assert_regex "$(field report because)" '^corrupt: '
    assert_equal "$(label_of "$disk")" payroll
}

@test "a volume that never comes is given back in bounded time" {
    echo '{"volume": "vol-0123456789abcdef0", "device": "/dev/sdz", "state": "warm"}' >"$ANSWER"
    run "$cache" mount
    works_without
    assert_regex "$(field report because)" '^failed: .*did not appear within 1 s'
    assert_equal "$(field release volume)" vol-0123456789abcdef0
    run -0 "$cache" release
    assert_equal "$(told release | wc -l)" 1
}

@test "no volume is free, or nobody answers, or what is answered makes no sense" {
    echo '{"volume": "", "because": "all are in use"}' >"$ANSWER"
    run "$cache" mount
    works_without
    assert_output --partial "all are in use"
    echo nonsense >"$ANSWER"
    run "$cache" mount
    works_without
    touch "$ANSWER.fails"
    run "$cache" mount
    works_without
    assert_output --partial "nobody answers"
    assert_equal "$(told report)$(told release)" ""
}

@test "agents without a cache or without a gateway ask for none" {
    echo 'GATEWAY_URL=http://gateway.test/' >"$WORKHORSE_RUN/agent.env"
    run "$cache" mount
    works_without
    rm "$WORKHORSE_RUN/agent.env"
    run "$cache" mount
    works_without
    assert_equal "$(cat "$ASKED")" ""
}

@test "a full one is cleaned: what was not used for longest goes" {
    disk 32
    attached "$disk" new
    "$cache" mount
    for name in old older new; do
        mkdir -p "$WORKHORSE_CACHE/git/$name"
        head -c 7500000 /dev/zero >"$WORKHORSE_CACHE/git/$name/pack"
    done
    touch -d '2 days ago' "$WORKHORSE_CACHE"/git/old{,/pack}
    touch -d '3 days ago' "$WORKHORSE_CACHE"/git/older{,/pack}
    "$cache" release
    run -0 "$cache" mount
    assert_equal "$(ls "$WORKHORSE_CACHE/git" | paste -sd' ')" "new old"
    assert_output --partial "without 1 entries"
}

@test "a volume in use is not let go, and never lazily" {
    disk 32
    attached "$disk" new
    "$cache" mount
    exec {open}>"$WORKHORSE_CACHE/open"
    run -1 env WORKHORSE_UNMOUNT_SECONDS=0 "$cache" release
    assert findmnt "$WORKHORSE_CACHE"
    assert_equal "$(told release)" ""
    exec {open}>&-
    run -0 "$cache" release
    assert_equal "$(told release | wc -l)" 1
}

@test "nothing was claimed: nothing is let go" {
    run -0 "$cache" release
    assert_equal "$(cat "$ASKED")" ""
}
