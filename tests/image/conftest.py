"""The root of a baked image, named by IMAGE_ROOT, as testinfra sees it from within."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import testinfra
from testinfra.host import Host

HOW = "run: IMAGE_ROOT=/mnt/image pytest tests/image, as root"


@pytest.fixture(scope="session")
def root() -> Path:
    named = os.environ.get("IMAGE_ROOT")
    if not named:
        pytest.skip(f"no image to check: IMAGE_ROOT is not set; {HOW}")
    if os.geteuid() != 0:
        pytest.skip(f"only root may look into an image; {HOW}")
    path = Path(named)
    assert (path / "usr/bin").is_dir(), f"IMAGE_ROOT is {path}, which holds no system"
    return path


@pytest.fixture(scope="session")
def image(root: Path) -> Iterator[Host]:
    """The image by chroot. Java does not start without /proc, so it has one meanwhile."""
    proc = root / "proc"
    lent = not (proc / "self").exists()
    if lent:
        subprocess.run(["mount", "-t", "proc", "proc", proc], check=True)
    try:
        yield testinfra.get_host(str(root), connection="chroot")
    finally:
        if lent:
            subprocess.run(["umount", "--lazy", proc], check=True)
