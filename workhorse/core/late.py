"""Late configuration: which files and which script a pool's agents apply before they take builds.

A manifest says what changed since the bake, by digests; people sign its bytes, agents verify them.
The rules here are guard rails for people: whoever holds the key runs a script as root anyway.
The agent checks the same rules by itself (`scripts/agent`), for there is no package on the image;
`tests/contracts/test_late_rules.py` holds the two together.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workhorse.core.errors import Refusal

NAMESPACE = "workhorse-late"
"""What a signature is for: the option -n of `ssh-keygen -Y`. One for another purpose is none."""

IDENTITY = "workhorse"
"""Who signs, as the agents' file of allowed signers names them."""

ROOTS = ("/etc", "/opt", "/usr/local", "/home/jenkins", "/srv")
"""Files lie below one of these."""

FORBIDDEN = (
    *("/etc/workhorse", "/usr/local/lib/workhorse"),
    *("/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d", "/etc/security", "/etc/ld.so.preload"),
    *("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"),
    *("/etc/ssh", "/home/jenkins/.ssh"),
)
"""Neither these nor anything below: what an agent trusts, and who may become root on it."""

OURS = "workhorse-"
"""No part of a path begins so: our units and what is dropped in beside them."""

OWNERS = ("root", "jenkins")
"""Who may own a file; its group is of the same name."""

MANIFEST_BYTES = 256 * 1024
"""The most that a manifest has."""
FILE_BYTES = 8 * 1024 * 1024
"""The most that a file or the script has: the gateway hands it out of memory."""
MOST_FILES = 200
MOST_PATH = 255
"""Characters of a path."""

KEYS = frozenset({"version", "pool", "files", "script"})
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PATH = re.compile(r"(/[A-Za-z0-9._@+-]+)+")
MODE = re.compile(r"0[0-7]{3}")
DIGEST = re.compile(r"[0-9a-f]{64}")
FOR_OTHERS_TO_WRITE = 0o002


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFile:
    """One file as agents shall have it."""

    path: str
    mode: str
    """Octal, as `0644`."""
    owner: str
    sha256: str
    """Of its bytes, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the agents of a pool are to apply, once, in this order: the files, then the script."""

    version: str
    """What people call it."""
    pool: str
    files: tuple[LateFile, ...] = ()
    script: str = ""
    """SHA-256 of a script that is run once, as root; empty for none."""

    def digests(self) -> frozenset[str]:
        """Of everything that an agent fetches."""
        return frozenset({*(each.sha256 for each in self.files), self.script} - {""})

    def written(self) -> bytes:
        """The bytes that are signed; parsed again they are this manifest.

        Raises:
            Refusal: it breaks the rules; every fault is told.
        """
        record = {
            "version": self.version,
            "pool": self.pool,
            "files": [asdict(each) for each in self.files],
            "script": {"sha256": self.script} if self.script else None,
        }
        data = json.dumps(record, separators=(",", ":")).encode()
        parsed(data, self.pool)
        return data


def parsed(data: bytes, pool: str) -> Manifest:
    """The manifest of that pool.

    Raises:
        Refusal: it breaks the rules; every fault is told.
    """
    if found := faults(data, pool):
        raise Refusal("\n".join(f"late configuration of {pool}: {each}" for each in found))
    record = json.loads(data)
    return Manifest(
        version=record["version"],
        pool=record["pool"],
        files=tuple(LateFile(**each) for each in record["files"]),
        script=(record["script"] or {"sha256": ""})["sha256"],
    )


def faults(data: bytes, pool: str) -> tuple[str, ...]:
    """What is wrong with the bytes as the manifest of that pool, a sentence each; none: good."""
    if len(data) > MANIFEST_BYTES:
        return (f"the manifest has {len(data)} bytes, above {MANIFEST_BYTES}",)
    try:
        record = json.loads(data.decode(), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as wrong:
        return (f"the manifest is no JSON: {wrong}",)
    if not isinstance(record, dict) or set(record) != KEYS:
        return (f"the manifest must be an object with the keys {', '.join(sorted(KEYS))}",)
    return tuple(_faults(record, pool))


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice could be read as the one here and as the other there."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _faults(record: dict[str, Any], pool: str) -> Iterator[str]:
    files, script = record["files"], record["script"]
    if not _is(record["version"], VERSION):
        yield "version: must be 1 to 64 letters, digits, dots, dashes or underscores"
    if record["pool"] != pool:
        yield f"pool: is {record['pool']!r}, not {pool!r}"
    if not (script is None or _is_script(script)):
        yield "script: must be null or hold a sha256 and nothing else"
    if not isinstance(files, list) or len(files) > MOST_FILES:
        yield f"files: must be a list of at most {MOST_FILES}"
        return
    if not files and script is None:
        yield "files: is empty and there is no script: withdraw what is there instead"
    for number, each in enumerate(files):
        for fault in _file_faults(each):
            yield f"files[{number}].{fault}"
    paths = [each["path"] for each in files if isinstance(each, dict) and _has_path(each)]
    yield from _clashes(paths)


def _is(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_script(script: object) -> bool:
    return isinstance(script, dict) and set(script) == {"sha256"} and _is(script["sha256"], DIGEST)


def _has_path(file: dict[str, Any]) -> bool:
    return isinstance(file.get("path"), str)


def _file_faults(file: object) -> Iterator[str]:
    if not isinstance(file, dict) or set(file) != {"path", "mode", "owner", "sha256"}:
        yield "path: there must be path, mode, owner and sha256, and nothing else"
        return
    if fault := path_fault(file["path"]):
        yield f"path: {fault}"
    if not _is(file["mode"], MODE) or int(file["mode"], 8) & FOR_OTHERS_TO_WRITE:
        yield f"mode: {file['mode']!r} must be four octal digits, 0 first, not for all to write"
    if file["owner"] not in OWNERS:
        yield f"owner: {file['owner']!r} must be one of {', '.join(OWNERS)}"
    if not _is(file["sha256"], DIGEST):
        yield "sha256: must be 64 digits of lower-case hex"


def path_fault(path: object) -> str:
    """What is wrong with a file's path; empty for nothing."""
    if not isinstance(path, str) or len(path) > MOST_PATH or PATH.fullmatch(path) is None:
        return f"{path!r} must be absolute, plain and at most {MOST_PATH} characters long"
    parts = path.split("/")[1:]
    if any(part in {".", ".."} or part.startswith(OURS) for part in parts):
        return f"{path!r} must have no part that is . or .., or begins with {OURS}"
    if not any(path.startswith(f"{root}/") for root in ROOTS):
        return f"{path!r} must lie below one of {', '.join(ROOTS)}"
    if any(path == each or path.startswith(f"{each}/") for each in FORBIDDEN):
        return f"{path!r} is nobody's to change: it says whom an agent trusts"
    return ""


def _clashes(paths: Sequence[str]) -> Iterator[str]:
    """Paths that stand twice, and files that another takes for a directory."""
    whole = set(paths)
    for path in sorted(whole):
        if paths.count(path) > 1:
            yield f"files: {path} stands there twice"
        above = {path[:at] for at, letter in enumerate(path) if letter == "/"}
        for file in sorted(above & whole):
            yield f"files: {file} is a file, and {path} lies below it"
