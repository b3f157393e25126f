"""What a bake is asked to be, checked as a whole before anything is begun."""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from workhorse.adapters import secrets
from workhorse.adapters.checkout import checkout
from workhorse.adapters.packer import Packer
from workhorse.adapters.packer_stage import tree_digest
from workhorse.adapters.session import AwsClients
from workhorse.core.errors import Refusal
from workhorse.settings import Settings
from workhorse.settings.delivery import BakeSettings
from workhorse.wiring import environment

Found = TypeVar("Found")

OURS = ("pool", "commit", "puppet_digest", "builder", "region", "manifest")
"""Variables that say what was baked: nobody else tells them."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

SHOWN = 5
"""Changed files that a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A bake that nothing speaks against."""

    pool: str
    commit: str
    template: Path
    variables: Mapping[str, object]
    packer: Packer


def requested(
    arguments: argparse.Namespace, settings: Settings, clients: AwsClients, *, by: str
) -> Request:
    """Check everything.

    Raises:
        Refusal: every fault that was found.
        Unreadable: the policy of a pool could not be read from SSM.
    """
    faults: list[str] = []
    bake = settings.bake
    if not settings.store.prefix:
        faults.append("store.prefix: (missing): must be set, or the image is nobody's candidate")
    pool = _noted(faults, lambda: pool_named(arguments.pool, settings, clients))
    folders = [Path(each).resolve() for each in (bake.puppet, bake.agent)]
    template = Path(bake.template).resolve()
    faults += _absent(bake)
    packer = _noted(faults, lambda: Packer(bake.packer, _environ(settings)))
    more = _noted(faults, lambda: _more(arguments, bake)) or {}
    commit = ""
    if not _absent(bake):
        commit = _noted(faults, lambda: _commit([template, *folders], arguments)) or ""
    if faults or packer is None:
        raise Refusal("\n".join(faults))
    told = {
        "region": settings.aws.region,
        "pool": pool,
        "os": bake.os,
        "instance_type": bake.instance_type,
        "spot": bake.spot or arguments.spot,
        "commit": commit,
        "puppet_digest": tree_digest(*folders),
        "builder": by,
        "puppet_dir": str(folders[0]),
        "agent_dir": str(folders[1]),
        "ec2_endpoint": settings.aws.endpoint,
    }
    variables = {**told, **more}
    return Request(
        pool=pool or "", commit=commit, template=template, variables=variables, packer=packer
    )


def pool_named(name: str, settings: Settings, clients: AwsClients) -> str:
    """A pool of the settings; the only one when none is named.

    Raises:
        Refusal: there is none of that name, or several to choose from.
        Unreadable: the policy of a pool could not be read from SSM.
    """
    names = pool_names(settings, clients)
    if not name and len(names) == 1:
        return names[0]
    if name not in names:
        told = name or "(missing)"
        raise Refusal(f"--pool: {told}: must be the name of a pool ({', '.join(names)})")
    return name


def pool_names(settings: Settings, clients: AwsClients) -> tuple[str, ...]:
    """The pools of the settings."""
    found = settings.pools(lambda name: secrets.from_parameter(clients, name))
    return tuple(pool.name for pool in found)


def _noted(faults: list[str], check: Callable[[], Found]) -> Found | None:
    """What the check finds; its refusal is noted among the faults."""
    try:
        return check()
    except Refusal as wrong:
        faults.append(str(wrong))
        return None


def _absent(bake: BakeSettings) -> list[str]:
    """A fault for each folder that is not there."""
    keys = ("template", "puppet", "agent")
    told = {key: getattr(bake, key) for key in keys}
    return [
        f"bake.{key}: {path}: must be a folder"
        for key, path in told.items()
        if not Path(path).is_dir()
    ]


def _commit(folders: list[Path], arguments: argparse.Namespace) -> str:
    found = checkout(folders)
    if not found.changed:
        return found.commit
    if not arguments.dirty:
        shown = ", ".join(found.changed[:SHOWN])
        more = f" and {len(found.changed) - SHOWN} more" if len(found.changed) > SHOWN else ""
        raise Refusal(
            f"{shown}{more} differ from commit {found.commit[:12]}: commit them, or bake --dirty"
        )
    return f"{found.commit}-dirty"


def _more(arguments: argparse.Namespace, bake: BakeSettings) -> dict[str, object]:
    """The variables of the file and of the command line, which has the last word."""
    found: dict[str, object] = {}
    if bake.variables_file:
        try:
            told = json.loads(Path(bake.variables_file).read_text(encoding="utf-8"))
            found |= told
        except (OSError, ValueError, TypeError) as wrong:
            key = "bake.variables_file"
            raise Refusal(f"{key}: {bake.variables_file}: must be a JSON object: {wrong}") from None
    for each in arguments.var:
        found |= each
    taken = sorted(set(found) & set(OURS))
    if taken:
        raise Refusal(f"--var: {', '.join(taken)}: must not be given, for bake itself tells them")
    return found


def _environ(settings: Settings) -> dict[str, str]:
    """Packer's environment; on loopback the credentials are made up, so that no real one leaves."""
    found = environment()
    if urlsplit(settings.aws.endpoint).hostname in LOOPBACK:
        found |= {"AWS_ACCESS_KEY_ID": "loopback", "AWS_SECRET_ACCESS_KEY": "loopback"}
        for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
            found.pop(name, None)
    return found
