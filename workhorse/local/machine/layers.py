"""The folders behind images: each is what it changed, stacked on the image below.

    FOLDER/images/AMI/layer/     files, with overlayfs' marks for what is deleted
    FOLDER/images/AMI/below      the id of the image that it is stacked on; absent for a base
    FOLDER/images/base/layer/    what every AMI without a folder of ours boots
    FOLDER/machines/ID/          an instance: `layer`, overlayfs' `work`, `root` to mount at
    FOLDER/machines/ID.log       its console

An AMI that was created from an instance needs no copy: it is that instance's own layer.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

BASE = "base"
"""The image of AMIs that this folder does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The folders of an instance."""

    path: Path

    @property
    def layer(self) -> Path:
        """What it changed."""
        return self.path / "layer"

    @property
    def root(self) -> Path:
        """Where its root is mounted, in the mount namespace of its body alone."""
        return self.path / "root"

    @property
    def log(self) -> Path:
        """What its console says; it outlives the machine."""
        return self.path.with_suffix(".log")

    def make(self, below: Sequence[Path]) -> None:
        """Make the folders and note what they are stacked on; as often as it is started."""
        for each in (self.layer, self.path / "work", self.root):
            each.mkdir(parents=True, exist_ok=True)
        (self.path / "stack").write_text("".join(f"{each}\n" for each in below))

    def mount(self) -> None:
        """Mount the root.

        Raises:
            CalledProcessError: the kernel refuses.
        """
        below = ":".join((self.path / "stack").read_text().split("\n")[:-1])
        options = f"lowerdir={below},upperdir={self.layer},workdir={self.path / 'work'}"
        command = ["mount", "-t", "overlay", "overlay", "-o", options, str(self.root)]
        subprocess.run(command, check=True)

    def unmount(self) -> None:
        """Undo `mount`, whatever still uses it."""
        subprocess.run(["umount", "--lazy", str(self.root)], check=False)

    def forget(self) -> None:
        """Remove everything of an instance that is unmounted."""
        shutil.rmtree(self.path, ignore_errors=True)


class Library:
    """The images below one folder.

    Args:
        folder: of all of it; made when missing.
        made_from: the instance that EC2 says an AMI was created from; empty for none.
    """

    def __init__(self, folder: Path, made_from: Callable[[str], str]) -> None:
        self._folder = folder.resolve()
        self._made_from = made_from

    def machine(self, instance: str) -> Machine:
        """The folders of an instance, made or not."""
        return Machine(path=self._folder / "machines" / instance)

    def layer(self, image: str) -> Path:
        """Where an image of ours has its files."""
        return self._folder / "images" / image / "layer"

    def add(self, image: str, below: str) -> Path:
        """Stack a new image on another; gives its layer, empty, for what is to differ."""
        layer = self.layer(image)
        layer.mkdir(parents=True)
        (layer.parent / "below").write_text(below)
        return layer

    def stack(self, image: str) -> tuple[Path, ...]:
        """The folders of an image, the topmost first.

        Raises:
            FileNotFoundError: there is no base to stand on.
        """
        layer = self.layer(image)
        if layer.is_dir():
            below = layer.parent / "below"
            return (layer, *(self.stack(below.read_text().strip()) if below.exists() else ()))
        if image == BASE:
            raise FileNotFoundError(f"{layer}: no base image")
        instance = self._made_from(image)
        if not instance:
            return self.stack(BASE)
        machine = self.machine(instance)
        stack = (machine.path / "stack").read_text().split("\n")[:-1]
        return (machine.layer, *(Path(each) for each in stack))
