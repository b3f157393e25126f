# A volume's file system, on loop devices: what is made, mended, grown, and left alone.

bats_require_minimum_version 1.5.0

setup() {
    load /usr/lib/bats/bats-support/load
    load /usr/lib/bats/bats-assert/load
    load disks
    disks_or_skip
    program=$BATS_TEST_DIRNAME/../../../scripts/agent/cache-disk
    place=$BATS_TEST_TMPDIR/cache
    mkdir "$place"
}

teardown() {
    end_disks "$place"
}

@test "an empty disk is formatted, with a label that says by whom" {
    disk 32
    run -0 --separate-stderr "$program" prepare "$disk" warm
    assert_output formatted
    assert_equal "$(label_of "$disk")" workhorse-cache
}

@test "what an agent left is kept, whatever its label" {
    disk 32
    mkfs.ext4 -q -L seed "$disk"
    with_file "$disk" git/one 1000
    run -0 --separate-stderr "$program" prepare "$disk" warm
    assert_output kept
    "$program" mount "$disk" "$place"
    assert [ -s "$place/git/one" ]
}

@test "a disk that became larger is grown before it is mounted" {
    disk 32
    "$program" prepare "$disk" warm
    with_file "$disk" git/one 1000
    enlarge "$disk" 96
    run -0 --separate-stderr "$program" prepare "$disk" warm
    assert_output kept
    "$program" mount "$disk" "$place"
    assert [ "$(df --output=size -m "$place" | tail -1)" -gt 70 ]
    assert [ -s "$place/git/one" ]
}

@test "another file system is left alone" {
    disk 32
    mkswap "$disk"
    before=$(sha256sum <"$disk")
    run -3 "$program" prepare "$disk" warm
    assert_output --partial "it holds swap"
    assert_equal "$(sha256sum <"$disk")" "$before"
}

@test "a partition table is left alone" {
    disk 32
    # One Linux partition from the first MiB on, as the last bytes of the first sector tell.
    printf '\0\0\0\0\x83\0\0\0\0\x08\0\0\0\x78\0\0' |
        dd of="$disk" bs=1 seek=446 conv=notrunc status=none
    printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
    before=$(sha256sum <"$disk")
    run -3 "$program" prepare "$disk" warm
    assert_equal "$(sha256sum <"$disk")" "$before"
}

@test "bytes that nobody knows are left alone, at either end" {
    for seek in 4096 33000000; do
        disk 32
        printf secret | dd of="$disk" bs=1 seek="$seek" conv=notrunc status=none
        before=$(sha256sum <"$disk")
        run -3 "$program" prepare "$disk" warm
        assert_output --partial "what nobody knows"
        assert_equal "$(sha256sum <"$disk")" "$before"
    done
}

@test "a disk that cannot be read is not taken for an empty one" {
    run ! "$program" prepare "$BATS_TEST_TMPDIR/none" new
    refute_output --partial formatted
}

@test "a file system of ours that is damaged is wiped" {
    disk 32
    "$program" prepare "$disk" warm
    damage "$disk"
    run -0 --separate-stderr "$program" prepare "$disk" warm
    assert_output wiped
    run -0 e2fsck -f -n "$disk"
}

@test "what the last agent could not mount is wiped if agents made it, else looked at again" {
    disk 32
    "$program" prepare "$disk" new
    run -0 --separate-stderr "$program" prepare "$disk" corrupt
    assert_output wiped
    disk 32
    mkfs.ext4 -q -L seed "$disk"
    run -0 --separate-stderr "$program" prepare "$disk" corrupt
    assert_output kept
}

@test "one that does not say that it is damaged is told when it is mounted" {
    disk 32
    mkfs.ext4 -q "$disk"
    debugfs -w -R "clri <2>" "$disk"
    run -0 --separate-stderr "$program" prepare "$disk" warm
    run -4 "$program" mount "$disk" "$place"
    refute findmnt "$place"
}

@test "a damaged one that is not ours is left alone" {
    disk 32
    mkfs.ext4 -q -L payroll "$disk"
    damage "$disk"
    before=$(sha256sum <"$disk")
    run -4 "$program" prepare "$disk" warm
    assert_output --partial "was not made by an agent"
    assert_equal "$(label_of "$disk")" payroll
}

@test "builds get no devices and no set-uid programs from it, and images do" {
    disk 32
    "$program" prepare "$disk" warm
    "$program" mount "$disk" "$place"
    options=$(findmnt --noheadings --output OPTIONS "$place")
    assert_regex "$options" nodev
    assert_regex "$options" nosuid
    options=$(findmnt --noheadings --output OPTIONS "$place/docker")
    refute_regex "$options" nodev
    refute_regex "$options" nosuid
    assert_equal "$(stat -c %a "$place/docker")" 711
}

@test "a link in the place of Docker's part gives nothing of this machine away" {
    disk 32
    "$program" prepare "$disk" warm
    mount "$disk" "$place"
    ln -s "$BATS_TEST_TMPDIR" "$place/docker"
    umount "$place"
    run -0 "$program" mount "$disk" "$place"
    assert [ ! -L "$place/docker" ]
    refute findmnt "$BATS_TEST_TMPDIR"
    assert findmnt "$place/docker"
}

@test "it is unmounted with all below it, and not while something is open there" {
    disk 32
    "$program" prepare "$disk" warm
    "$program" mount "$disk" "$place"
    exec {open}>"$place/open"
    run ! "$program" unmount "$place" 0
    assert findmnt "$place"
    exec {open}>&-
    run -0 "$program" unmount "$place" 5
    refute findmnt "$place"
}

@test "what is no verb is refused" {
    run -2 "$program" wipe /dev/null
    run -2 "$program" prepare
}
