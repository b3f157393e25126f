"""The bake that every slow story begins with."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.slow.play import POOL
from tests.e2e.slow.stage import Workshop
from workhorse.core.images import Channels
from workhorse.local.machine.needs import missing

Say = Callable[[str], None]

BAKE_SECONDS = 400.0
"""Real seconds that a bake may take on a busy machine."""

NEEDED = missing() or ("" if shutil.which("packer") else "baking needs packer on PATH")

of_machines = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(NEEDED), reason=NEEDED),
]
"""Marks of stories whose instances boot their images."""


def is_baked(shop: Workshop, say: Say) -> str:
    """The candidate; Puppet's second application changed nothing, or there would be none."""
    say("baking the role with Packer and Puppet, about 90 s")
    process = shop.command("bake", "bake", "--dirty", "--verbose", "--by", "the slow test")
    assert process.wait(BAKE_SECONDS) == 0, process.tail(40)
    assert process.log.read_text().count("Applied catalog in") == 2
    (image,) = shop.store.images(POOL)
    assert shop.store.channels(POOL) == Channels(candidate=image.id)
    assert image.tag("base-name").startswith("debian-12-amd64-")
    return image.id


def nothing_is_mounted(folder: Path) -> None:
    """Machines leave no mount behind, however they ended."""
    assert str(folder) not in Path("/proc/self/mounts").read_text()
