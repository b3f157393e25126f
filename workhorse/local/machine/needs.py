"""What this machine must offer before images can boot on it."""

import os
import shutil
import subprocess
from collections.abc import Sequence

PROGRAMS = ("systemd-nspawn", "mmdebstrap", "unshare", "mount")

MOUNT = [
    *("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc"),
    *("mount", "-t", "tmpfs", "none", "/mnt"),
]
"""Namespaces of all kinds, and a mount in one; nothing of it outlives the command."""


def missing(programs: Sequence[str] = PROGRAMS) -> str:
    """Why no image can boot here; empty when one can."""
    if os.geteuid() != 0:
        return "booting images needs root"
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        return f"booting images needs {', '.join(absent)} on PATH"
    tried = subprocess.run(MOUNT, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"booting images needs namespaces: {tried.stderr.strip()}"
    with open("/proc/filesystems", encoding="ascii") as file:  # noqa: PTH123 - no file of ours
        kinds = file.read().split()
    if "overlay" not in kinds:
        loaded = subprocess.run(["modprobe", "overlay"], capture_output=True, check=False)
        if loaded.returncode != 0:
            return "booting images needs overlayfs"
    return ""
