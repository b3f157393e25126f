# Which block device an attached volume is.

bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load disks
    disks_or_skip
    program=$BATS_TEST_DIRNAME/../../../scripts/agent/cache-find
    export WORKHORSE_SYS=$BATS_TEST_TMPDIR/sys WORKHORSE_DEV=$BATS_TEST_TMPDIR/dev
    mkdir -p "$WORKHORSE_DEV"
}

teardown() {
    end_disks "$BATS_TEST_TMPDIR/none"
}

nvme() { # NAME SERIAL: a disk of that name, with a serial number padded as NVMe's are
    mkdir -p "$WORKHORSE_SYS/class/block/$1/device"
    printf '%-20s\n' "$2" >"$WORKHORSE_SYS/class/block/$1/device/serial"
    ln -s "$disk" "$WORKHORSE_DEV/$1"
}

@test "an NVMe disk is found by its serial number, whatever it is called" {
    disk 1
    nvme nvme0n1 vol0000000000000root
    nvme nvme7n1 vol0123456789abcdef0
    run -0 "$program" vol-0123456789abcdef0 /dev/sdf 0
    assert_output "$WORKHORSE_DEV/nvme7n1"
}

@test "another disk is found by the name it was given, or by Xen's for it" {
    disk 1
    ln -s "$disk" "$WORKHORSE_DEV/xvdg"
    run -0 "$program" vol-0123456789abcdef0 /dev/sdg 0
    assert_output "$WORKHORSE_DEV/xvdg"
    ln -s "$disk" "$WORKHORSE_DEV/sdg"
    run -0 "$program" vol-0123456789abcdef0 /dev/sdg 0
    assert_output "$WORKHORSE_DEV/sdg"
}

@test "what is not there in time is told" {
    disk 1
    nvme nvme0n1 vol0000000000000root
    touch "$WORKHORSE_DEV/sdf" # no block device
    run -1 "$program" vol-0123456789abcdef0 /dev/sdf 0
    assert_output --partial "vol-0123456789abcdef0 did not appear"
}

@test "one that comes while it is waited for is found" {
    disk 1
    (until [[ -e $BATS_TEST_TMPDIR/waiting ]]; do :; done && ln -s "$disk" "$WORKHORSE_DEV/sdf") &
    touch "$BATS_TEST_TMPDIR/waiting"
    run -0 "$program" vol-0123456789abcdef0 /dev/sdf 10
    wait
}
