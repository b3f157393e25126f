"""Images: bake one, list them, check one, promote, prune."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workhorse.adapters.clock import RealClock
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.session import AwsClients
from workhorse.commands import baking
from workhorse.commands.bake_request import pool_named, pool_names
from workhorse.commands.command import Command, Show
from workhorse.core.checklist import CHECKLIST
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.images import Image, Keeping, age, orphans, records, table, verdicts
from workhorse.settings import Settings, load
from workhorse.wiring import environment

CHECKS = Path("tests", "image", "test_checklist.py")
"""What a checkout checks an image with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """The store, and which pools are meant."""

    settings: Settings
    clients: AwsClients
    store: SsmImages
    now: float
    """Epoch seconds, in the time of the settings' clock."""

    def pools(self, name: str) -> tuple[str, ...]:
        """The pool of that name; all of them when it is empty."""
        if not name:
            return pool_names(self.settings, self.clients)
        return (self.pool(name),)

    def pool(self, name: str) -> str:
        """The pool of that name; the only one when it is empty."""
        return pool_named(name, self.settings, self.clients)


@contextmanager
def _desk(arguments: argparse.Namespace) -> Iterator[_Desk]:
    settings = load(arguments.config)
    if not settings.store.prefix:
        raise Refusal("store.prefix: (missing): must be set; where it is empty there are none")
    clock = RealClock.parse(settings.loop.clock) if settings.loop.clock else RealClock()
    with closing(AwsClients(settings.aws.region, settings.aws.endpoint)) as clients:
        store = SsmImages(clients, settings.store.prefix)
        yield _Desk(settings=settings, clients=clients, store=store, now=clock.now())


def images(arguments: argparse.Namespace, show: Show) -> int:
    """List the images, or the checklist, or check one against it.

    Raises:
        Refusal: no such pool, or nothing to check.
        Surprise: AWS did not answer.
    """
    if arguments.check:
        return _check(arguments.root, show)
    if arguments.root is not None:
        raise Refusal("--root: goes with --check only")
    if arguments.config is None:
        raise Refusal("--config: is required to list images")
    with _desk(arguments) as desk:
        pools = desk.pools(arguments.pool)
        stock = desk.store.stock()
        if arguments.json:
            show(json.dumps(records(stock, desk.now, pools), indent=2))
            return 0
        for line in table(stock, desk.now, pools):
            show(line)
    return 0


def _check(root: Path | None, show: Show) -> int:
    """The checklist for people; with a root, what of it is true there."""
    if root is None:
        for each in CHECKLIST:
            show(f"{each.id}: {each.sentence}\n    told by: {each.told_by}")
        return 0
    if not CHECKS.is_file():
        raise Refusal(f"--root: needs {CHECKS}: call it from a checkout")
    if not (root / "usr/bin").is_dir():
        raise Refusal(f"--root: {root}: must hold a system, with its usr/bin")
    command = [sys.executable, "-m", "pytest", str(CHECKS), "-q", "-n0", "-p", "no:cacheprovider"]
    environ = environment() | {"IMAGE_ROOT": str(root.resolve())}
    return subprocess.run(command, env=environ, check=False).returncode


def promote(arguments: argparse.Namespace, show: Show) -> int:
    """Make an image the pool's stable one, or its candidate.

    Raises:
        Refusal: there is no such image of the pool, or it was condemned.
        Surprise: AWS did not answer.
    """
    with _desk(arguments) as desk:
        pool = desk.pool(arguments.pool)
        image = _chosen(desk, pool, arguments)
        if arguments.candidate:
            desk.store.set_candidate(pool, image.id)
        else:
            desk.store.promote(pool, image.id)
        channels = desk.store.channels(pool)
    told = (f"{name} {getattr(channels, name) or '-'}" for name in channels.__slots__)
    show(f"pool {pool}: {', '.join(told)}")
    return 0


def _chosen(desk: _Desk, pool: str, arguments: argparse.Namespace) -> Image:
    wanted = arguments.image or desk.store.channels(pool).candidate
    if not wanted:
        raise Refusal(f"pool {pool}: has no candidate: say which image to promote")
    image = desk.store.image(wanted)
    if image.pool != pool:
        raise Refusal(f"{image.id}: is of pool {image.pool}, not of {pool}")
    if image.state != "available":
        raise Refusal(f"{image.id}: is {image.state}; only an available image can be promoted")
    if image.failed and not arguments.force:
        raise Refusal(f"{image.id}: was condemned: {image.failed}; --force promotes it in spite")
    return image


def prune(arguments: argparse.Namespace, show: Show) -> int:
    """Say which images may go and why the others stay; with --yes, delete them.

    Raises:
        Refusal: no such pool.
        Surprise: AWS did not answer, or refused; what was begun is finished by the next prune.
    """
    keeping = Keeping(newest=arguments.keep, days=arguments.days)
    with _desk(arguments) as desk:
        pools = desk.pools(arguments.pool)
        stock = desk.store.stock()
        found = verdicts(stock, keeping, desk.now, pools)
        lonely = orphans(stock, keeping, desk.now, pools)
        for each in found:
            fate = f"keep, {'; '.join(each.kept)}" if each.kept else "delete"
            show(f"{each.image.pool}  {each.image.id}  {_told_age(each.image, desk.now)}  {fate}")
        for snapshot in lonely:
            show(f"{snapshot.pool}  {snapshot.id}  a snapshot without its image  delete")
        doomed = [each.image for each in found if not each.kept]
        if arguments.yes:
            _delete(desk.store, doomed, [each.id for each in lonely], show)
        elif doomed or lonely:
            show("this was a dry run: --yes deletes them")
        else:
            show("nothing to delete")
    return 0


def _told_age(image: Image, now: float) -> str:
    return age(now - image.created_at)


def _delete(store: SsmImages, doomed: Sequence[Image], lonely: Sequence[str], show: Show) -> None:
    """Delete each by itself: what AWS refuses of one keeps no other."""
    refused: list[str] = []
    for image in doomed:
        try:
            store.delete(image)
            show(f"deleted {', '.join((image.id, *image.snapshots))}")
        except Surprise as wrong:
            refused.append(str(wrong))
    for snapshot in lonely:
        try:
            store.delete_snapshot(snapshot)
            show(f"deleted {snapshot}")
        except Surprise as wrong:
            refused.append(str(wrong))
    if refused:
        raise Surprise("\n".join(refused))


def _config(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    add = parser.add_argument
    add("--config", type=Path, required=required, metavar="FILE", help="the settings, a TOML file")


def _images_options(parser: argparse.ArgumentParser) -> None:
    _config(parser, required=False)
    add = parser.add_argument
    add("--pool", default="", metavar="NAME", help="only of this pool")
    add("--json", action="store_true", help="as JSON")
    add("--check", action="store_true", help="what must be true of an image")
    add("--root", type=Path, metavar="DIR", help="with --check: whether it is true of this root")


def _promote_options(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    add = parser.add_argument
    add("image", nargs="?", default="", metavar="AMI", help="left out, the pool's candidate")
    add("--pool", default="", metavar="NAME", help="the pool; left out, the only one")
    add("--candidate", action="store_true", help="make it what the next rollout tries, instead")
    add("--force", action="store_true", help="though a rollout condemned it")


def _prune_options(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    usual = Keeping()
    add = parser.add_argument
    add("--pool", default="", metavar="NAME", help="only of this pool")
    add("--keep", type=int, default=usual.newest, metavar="N", help="newest ones [%(default)s]")
    add(
        "--days",
        type=float,
        default=usual.days,
        metavar="D",
        help="keep all younger ones [%(default)g]",
    )
    add("--yes", action="store_true", help="delete them; otherwise it only says which")


COMMANDS: tuple[Command, ...] = (
    baking.COMMAND,
    Command(
        name="images",
        help="list the images: age, commit, channel, who uses them",
        add_options=_images_options,
        run=images,
    ),
    Command(
        name="promote",
        help="make an image the pool's stable one",
        add_options=_promote_options,
        run=promote,
    ),
    Command(
        name="prune",
        help="delete images that nobody needs, and their snapshots; dry run unless --yes",
        add_options=_prune_options,
        run=prune,
    ),
)
