# Disks for the tests of the cache: loop devices with real file systems, ended with each test.

disks_or_skip() {
    [[ $EUID == 0 && -e /dev/loop-control ]] || skip "needs root and loop devices"
    disks=()
}

disk() { # MEBIBYTES: a disk that holds nothing; its name is $disk
    local file=$BATS_TEST_TMPDIR/disk.$((${#disks[@]}))
    truncate -s "$1M" "$file"
    disk=$(losetup --find --show "$file") || skip "no loop device is free"
    disks+=("$disk")
}

enlarge() { # DISK MEBIBYTES
    truncate -s "$2M" "$(losetup --noheadings --output BACK-FILE "$1" | xargs)"
    losetup --set-capacity "$1"
}

with_file() { # DISK NAME BYTES: as an earlier agent left it
    local place=$BATS_TEST_TMPDIR/aside
    mkdir -p "$place" && mount "$1" "$place"
    mkdir -p "$(dirname "$place/$2")" && head -c "$3" /dev/urandom >"$place/$2"
    umount "$place"
}

damage() { # DISK: without a root, which a preening check does not mend, and it says so itself
    printf 'clri <2>\nset_super_value state 2\n' | debugfs -w -f - "$1" >/dev/null 2>&1
}

label_of() {
    blkid -p -o value -s LABEL "$1"
}

end_disks() {
    local each
    while umount --recursive "$1" 2>/dev/null; do :; done
    for each in "${disks[@]}"; do losetup --detach "$each" || true; done
}
