"""Late configuration: sign and publish what changed since the bake, show it, withdraw it."""

import argparse
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workhorse.adapters.clock import RealClock
from workhorse.adapters.late_store import StoredLate, stored_late
from workhorse.adapters.session import AwsClients
from workhorse.adapters.ssh_signatures import signature, signer
from workhorse.commands.bake_request import pool_named, pool_names
from workhorse.commands.command import Command, Show
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.late import FILE_BYTES, LateFile, Manifest, parsed
from workhorse.loops.agent_ports import Late
from workhorse.settings import Settings, load

HOME = "/home/jenkins/"
"""Files below it are of the user that builds; all others are root's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """The store, and which pools are meant."""

    settings: Settings
    clients: AwsClients
    store: StoredLate
    now: float
    """Epoch seconds, in the time of the settings' clock."""

    def pool(self, name: str) -> str:
        """The pool of that name; the only one when it is empty."""
        return pool_named(name, self.settings, self.clients)

    def pools(self, name: str) -> tuple[str, ...]:
        """The pool of that name; all of them when it is empty."""
        return (self.pool(name),) if name else pool_names(self.settings, self.clients)


@contextmanager
def _desk(arguments: argparse.Namespace) -> Iterator[_Desk]:
    settings = load(arguments.config)
    if not settings.gateway.late:
        raise Refusal("gateway.late: (missing): must be set; where it is empty nothing is late")
    clock = RealClock.parse(settings.loop.clock) if settings.loop.clock else RealClock()
    with closing(AwsClients(settings.aws.region, settings.aws.endpoint)) as clients:
        store = stored_late(settings.gateway.late, clients, clock.now)
        yield _Desk(settings=settings, clients=clients, store=store, now=clock.now())


def late(arguments: argparse.Namespace, show: Show) -> int:
    """Publish, show or withdraw.

    Raises:
        Refusal: what is asked is against the rules; every fault.
        Surprise: AWS did not answer, or what lies there is not signed.
    """
    given = [name for name in ("files", "script", "key", "version") if getattr(arguments, name)]
    if given and arguments.action != "publish":
        raise Refusal(f"--{given[0]}: goes with publish only")
    with _desk(arguments) as desk:
        if arguments.action == "publish":
            _publish(desk, arguments, show)
        elif arguments.action == "withdraw":
            pool = desk.pool(arguments.pool)
            desk.store.withdraw(pool)
            show(f"pool {pool}: nothing is late any more; agents that applied it keep it")
        else:
            for pool in desk.pools(arguments.pool):
                _tell(desk.store, pool, show)
    return 0


def _publish(desk: _Desk, arguments: argparse.Namespace, show: Show) -> None:
    pool = desk.pool(arguments.pool)
    if not arguments.key:
        raise Refusal("--key: is required to publish: agents apply what is signed only")
    files, contents = _tree(arguments.files) if arguments.files else ((), {})
    script = ""
    if arguments.script:
        data = _content(arguments.script, "--script")
        script = hashlib.sha256(data).hexdigest()
        contents = {**contents, script: data}
    stamp = datetime.fromtimestamp(desk.now, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    version = arguments.version or stamp
    data = Manifest(version=version, pool=pool, files=files, script=script).written()
    signed = Late(manifest=data, signature=signature(data, arguments.key))
    desk.store.publish(pool, signed, contents)
    _tell(desk.store, pool, show)


def _tree(root: Path) -> tuple[tuple[LateFile, ...], dict[str, bytes]]:
    """Every file below a directory as the one at that path on an agent, and what is in them.

    Raises:
        Refusal: there is no such directory, or something that is neither file nor directory in it.
    """
    if not root.is_dir():
        raise Refusal(f"--files: {root}: must be a directory")
    files, contents = [], {}
    for found in sorted(_below(root)):
        data = _content(found, "--files")
        digest = hashlib.sha256(data).hexdigest()
        path = f"/{found.relative_to(root).as_posix()}"
        owner = "jenkins" if path.startswith(HOME) else "root"
        mode = f"{stat.S_IMODE(found.stat().st_mode):04o}"
        files.append(LateFile(path=path, mode=mode, owner=owner, sha256=digest))
        contents[digest] = data
    return tuple(files), contents


def _below(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise Refusal(f"--files: {path}: must be a file or a directory, and no link")
        yield from (Path(folder, name) for name in names)


def _content(path: Path, option: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as wrong:
        raise Refusal(f"{option}: {path}: cannot be read: {wrong.strerror}") from wrong
    if len(data) > FILE_BYTES:
        raise Refusal(f"{option}: {path}: has {len(data)} bytes, above {FILE_BYTES}")
    return data


def _tell(store: StoredLate, pool: str, show: Show) -> None:
    """What agents of the pool apply, and who signed it."""
    found = store.late(pool)
    if found is None:
        show(f"pool {pool}: nothing is late")
        return
    try:
        manifest = parsed(found.manifest, pool)
    except Refusal as wrong:
        raise Surprise(f"agents refuse what is there:\n{wrong}") from wrong
    who = signer(found.manifest, found.signature)
    show(f"pool {pool}: version {manifest.version}, signed with {who}")
    for file in manifest.files:
        show(f"  {file.mode} {file.owner:7} {file.path}  {file.sha256}")
    if manifest.script:
        show(f"  then the script {manifest.script}")


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    actions = ("publish", "show", "withdraw")
    add("action", choices=actions, help="what to do with what is late")
    add("--config", type=Path, required=True, metavar="FILE", help="the settings, a TOML file")
    add("--pool", default="", metavar="NAME", help="the pool; left out, the only one, or all")
    add(
        "--files",
        type=Path,
        metavar="DIR",
        help="publish: files as they shall lie below / on agents",
    )
    add("--script", type=Path, metavar="FILE", help="publish: what root runs once, after the files")
    add("--key", type=Path, metavar="KEY", help="publish: the key of ssh that signs; it stays here")
    add("--version", default="", metavar="NAME", help="publish: what to call it [the time]")


COMMANDS: tuple[Command, ...] = (
    Command(
        name="late",
        help="sign and publish what agents apply when they register; show or withdraw it",
        add_options=_options,
        run=late,
    ),
)
