"""The folder of plans: each plan's file, what it changes, and what became of it.

A plan's folder is named by its digest:

    plan.tfplan     the plan; it holds secrets, and goes once it was used or is too old
    summary.json    what it changes, as people were told
    events.jsonl    records that are only ever added: planned, approved, begun, applied ...
    outputs.json    after an apply: the root's outputs that are not sensitive

All of it is ours alone to read. Whoever can write here can approve: the folder is to be that of
the account that deliveries run as.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workhorse.adapters.journal import JournalFile, records
from workhorse.adapters.lock import taken
from workhorse.core.changes import Changes
from workhorse.core.delivery import AGAIN, DIGEST_LENGTH, SHORT, Delivery, Told, delivery
from workhorse.core.errors import Refusal

PLAN = "plan.tfplan"
SUMMARY = "summary.json"
EVENTS = "events.jsonl"
OUTPUTS = "outputs.json"

_ASIDE = ".aside-"
"""First part of the names of folders that are not plans (yet)."""

_OURS_ALONE = 0o700


class Plans:
    """The plans in the folder `path`, which is made when it is not there.

    Raises:
        Refusal: it cannot be made, is another account's, or others may read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=_OURS_ALONE)
            found = self._path.stat()
        except OSError as wrong:
            raise Refusal(f"delivery.plans: {path}: cannot be made: {wrong}") from wrong
        if found.st_uid != os.geteuid():
            rule = "whoever owns the folder can approve, and that is another account"
            raise Refusal(f"delivery.plans: {path}: {rule}")
        mode = stat.S_IMODE(found.st_mode)
        if mode & ~_OURS_ALONE:
            rule = f"plans hold secrets, and others may read it (mode {mode:o})"
            raise Refusal(f"delivery.plans: {path}: {rule}: chmod 700 {path}")

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Hold the only right to `plan` or to `apply` here.

        Raises:
            Refusal: another process holds it.
        """
        file = taken(self._path / f".{what}.lock")
        if file is None:
            raise Refusal(f"delivery.plans: {self._path}: another {what} runs here right now")
        try:
            yield
        finally:
            os.close(file)

    def runs(self, what: str) -> bool:
        """Whether somebody plans or applies here right now."""
        try:
            with self.working(what):
                return False
        except Refusal:
            return True

    @contextlib.contextmanager
    def aside(self) -> Iterator[Path]:
        """A folder for a plan that is being made or used; gone afterwards, with what is in it."""
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=self._path) as folder:
            yield Path(folder)

    def sweep(self) -> None:
        """Take away what killed processes left aside; only for whoever holds both locks."""
        for folder in self._path.glob(f"{_ASIDE}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, plan: Path, changes: Changes, record: Mapping[str, Any]) -> str:
        """Keep the plan of that file under its digest, with the record of its planning."""
        with self.aside() as made:
            shutil.copy(plan, made / PLAN)
            digest = digest_of(made / PLAN)
            (made / SUMMARY).write_text(json.dumps(changes.as_record(), indent=2) + "\n")
            _append(made, {"kind": Told.PLANNED, "digest": digest, **record})
            for path in made.iterdir():
                path.chmod(0o600)
            # Bytes that are the same are the same plan.
            if not (self._path / digest).exists():
                made.rename(self._path / digest)
        return digest

    def digests(self) -> tuple[str, ...]:
        """Those of every plan that was kept."""
        names = (path.name for path in self._path.iterdir() if path.is_dir())
        return tuple(sorted(name for name in names if len(name) == DIGEST_LENGTH))

    def delivery(self, digest: str) -> Delivery:
        """A plan and what became of it.

        Raises:
            Refusal: its records do not tell.
        """
        try:
            found = delivery(digest, records(self._path / digest / EVENTS))
        except (KeyError, TypeError, ValueError, OSError) as wrong:
            raise Refusal(f"plan {digest[:SHORT]}: its records are damaged: {wrong!r}") from wrong
        if found is None:
            raise Refusal(f"plan {digest[:SHORT]}: its records do not tell who made it")
        return found

    def changes(self, digest: str) -> Changes:
        """What the plan changes, as it was told when it was made.

        Raises:
            Refusal: that is not told.
        """
        try:
            return Changes.from_record(json.loads((self._path / digest / SUMMARY).read_text()))
        except (KeyError, TypeError, ValueError, OSError) as wrong:
            raise Refusal(f"plan {digest[:SHORT]}: its summary is damaged: {wrong!r}") from wrong

    @contextlib.contextmanager
    def recording(self, digest: str) -> Iterator[None]:
        """Let nobody else add a record to the plan's, between a look at them and a record."""
        with (self._path / digest / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def record(self, digest: str, kind: Told, record: Mapping[str, Any]) -> None:
        """Add a record; it is on disk when this returns."""
        _append(self._path / digest, {"kind": kind, "digest": digest, **record})

    def keep_outputs(self, digest: str, outputs: Mapping[str, Any]) -> None:
        """Keep the outputs of an apply."""
        path = self._path / digest / OUTPUTS
        path.touch(mode=0o600)
        path.write_text(json.dumps(outputs, indent=2) + "\n")

    def unchanged(self, digest: str) -> None:
        """Look whether the plan's file is the one of that digest.

        Raises:
            Refusal: it is not, or is gone.
        """
        _check(self._path / digest / PLAN, digest)

    @contextlib.contextmanager
    def copy(self, digest: str) -> Iterator[Path]:
        """A copy of the plan's file that has that digest, whatever becomes of the file meanwhile.

        Raises:
            Refusal: the file has another digest, or is gone.
        """
        with self.aside() as folder:
            path = folder / PLAN
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(self._path / digest / PLAN, path)
            _check(path, digest)
            yield path

    def forget(self, digest: str) -> None:
        """Take the plan's file away, and with it the secrets; the records stay."""
        (self._path / digest / PLAN).unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """The sha256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(path: Path, digest: str) -> None:
    try:
        found = digest_of(path)
    except FileNotFoundError:
        raise Refusal(f"plan {digest[:SHORT]}: its file is gone; {AGAIN}") from None
    if found != digest:
        rule = f"its file was changed after it was made: its digest is {found[:SHORT]} now"
        raise Refusal(f"plan {digest[:SHORT]}: {rule}; {AGAIN}")


def _append(folder: Path, record: Mapping[str, Any]) -> None:
    journal = JournalFile(folder / EVENTS)
    try:
        journal.write(record)
    finally:
        journal.close()
