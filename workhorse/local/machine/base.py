"""The base image: Debian as its cloud image is, as far as a bake needs it, made by mmdebstrap."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"

PACKAGES = (
    *("systemd", "systemd-sysv", "libpam-systemd", "dbus", "openssh-server", "sudo"),
    *("ca-certificates", "iproute2", "python3"),
)

CUSTOMIZE = """\
chroot "$1" useradd --create-home --shell /bin/bash --password '*' admin
printf 'admin ALL=(ALL) NOPASSWD:ALL\\n' >"$1/etc/sudoers.d/90-admin"
chmod 0440 "$1/etc/sudoers.d/90-admin"
rm -f "$1/etc/hostname"
"""
"""The user of Debian's images, whom a key opens and no password; this machine's name is none of
the image's."""


def base_tar(path: Path, progress: Callable[[str], None] = lambda _line: None) -> Path:
    """The base as a tar, made when it is not there yet; it takes half a minute and the network.

    Raises:
        CalledProcessError: mmdebstrap failed; its own words are on stderr.
    """
    if path.exists():
        return path
    progress(f"making the base image {path.name} with mmdebstrap, about 30 s")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
        command += [f"--customize-hook={CUSTOMIZE}", SUITE, str(made), MIRROR]
        subprocess.run(command, check=True)
        made.rename(path)
    return path


def unpack(tar: Path, layer: Path) -> None:
    """Lay the base out as a folder.

    Raises:
        CalledProcessError: the tar is not whole.
    """
    layer.mkdir(parents=True)
    command = ["tar", "--extract", "--numeric-owner", "--file", str(tar), "--directory", str(layer)]
    subprocess.run(command, check=True)
