"""What a list of late configuration may say: the rules of `workhorse/core/late.py`, held here too.

They guard against slips, not against whoever holds the key: that person's script runs as root.
"""

import json
import re
from collections.abc import Iterator

ROOTS = ("/etc", "/opt", "/usr/local", "/home/jenkins", "/srv")
"""Files lie below one of these."""

FORBIDDEN = (
    "/etc/workhorse",
    "/usr/local/lib/workhorse",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/pam.d",
    "/etc/security",
    "/etc/ld.so.preload",
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/ssh",
    "/home/jenkins/.ssh",
)
"""Nothing at or below these: whom the agent trusts, and its own programs."""

OWNERS = ("root", "jenkins")
MOST_BYTES, MOST_FILES, MOST_LETTERS = 256 * 1024, 200, 255
"""Of the list, in the list, and in a path."""

KEYS = {"version", "pool", "files", "script"}
FILE_KEYS = {"path", "mode", "owner", "sha256"}
VERSION = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
PATH = r"(/[A-Za-z0-9._@+-]+)+"
MODE = r"0[0-7][0-7][0145]"
DIGEST = r"[0-9a-f]{64}"


def faults(manifest: bytes, pool: str) -> list[str]:
    """What keeps this list from being applied by an agent of that pool, in sentences."""
    if len(manifest) > MOST_BYTES:
        return [f"the list has {len(manifest)} bytes; legal: {MOST_BYTES}"]
    try:
        told = json.loads(manifest.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return [f"the list is no JSON of ours: {error}"]
    if not isinstance(told, dict) or set(told) != KEYS:
        return [f"the list has not exactly the keys {', '.join(sorted(KEYS))}"]
    return list(_faults(told, pool))


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which no key stands twice: readers differ in which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _faults(told: dict[str, object], pool: str) -> Iterator[str]:
    version, files, script = told["version"], told["files"], told["script"]
    if not _like(VERSION, version):
        yield f"version is {version!r}; legal: {VERSION}"
    if told["pool"] != pool:
        yield f"pool is {told['pool']!r}; this is an agent of {pool!r}"
    if script is not None and not _is_script(script):
        yield 'script is neither null nor {"sha256": ...}'
    if not isinstance(files, list) or len(files) > MOST_FILES:
        yield f"files is no list of at most {MOST_FILES}"
        return
    if not files and script is None:
        yield "there is neither a file nor a script"
    paths: list[str] = []
    for file in files:
        if not isinstance(file, dict) or set(file) != FILE_KEYS:
            yield f"a file has not exactly the keys {', '.join(sorted(FILE_KEYS))}"
            continue
        yield from _file(file)
        paths.append(str(file["path"]))
    yield from _clashes(paths)


def _like(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_script(script: object) -> bool:
    return (
        isinstance(script, dict) and set(script) == {"sha256"} and _like(DIGEST, script["sha256"])
    )


def _file(file: dict[str, object]) -> Iterator[str]:
    """What is wrong with one file."""
    if why := _path(file["path"]):
        yield f"path {file['path']!r} {why}"
    if not _like(MODE, file["mode"]):
        yield f"mode is {file['mode']!r}; legal: 0 and three octal digits, not for all to write"
    if file["owner"] not in OWNERS:
        yield f"owner is {file['owner']!r}; legal: {', '.join(OWNERS)}"
    if not _like(DIGEST, file["sha256"]):
        yield f"sha256 of {file['path']!r} is no digest"


def _path(path: object) -> str:
    """Why nothing is written there; empty when it may be."""
    if not isinstance(path, str) or len(path) > MOST_LETTERS or not _like(PATH, path):
        return "is no plain path"
    if any(part in {".", ".."} or part.startswith("workhorse-") for part in path.split("/")):
        return "leads about, or to what is ours"
    if not any(path.startswith(f"{root}/") for root in ROOTS):
        return f"is below none of {', '.join(ROOTS)}"
    if any(path == each or path.startswith(f"{each}/") for each in FORBIDDEN):
        return "is not for late configuration"
    return ""


def _clashes(paths: list[str]) -> Iterator[str]:
    """Files that stand there twice, or one below another."""
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"path {path!r} stands there twice"
    for path in sorted(set(paths)):
        for other in sorted(set(paths)):
            if path.startswith(f"{other}/"):
                yield f"path {path!r} is below the file {other!r}"
