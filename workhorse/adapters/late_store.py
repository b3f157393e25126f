"""Late configuration in S3 or SSM: signed manifests by pool, files by their digests.

Below the location lies `pools/POOL/late`, a manifest and the signature of its bytes in one object,
so that both change at once, and `files/SHA256`, which never changes.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from workhorse.adapters.clock import RealClock
from workhorse.adapters.late_places import S3Place, SsmPlace
from workhorse.adapters.session import AwsClients
from workhorse.core.errors import Missing, Refusal, Surprise, Unreadable
from workhorse.loops.agent_ports import Late

KEPT_SECONDS = 15.0
"""How long what was read of a pool is believed: a thousand agents that register in one minute
are four readings, and what was published reaches whoever registers a moment later."""

FAILED_SECONDS = 5.0
"""How long a place that did not answer is not asked for the same again, and how long one waits for
another's reading: agents that register in a crowd must not hold all threads of the gateway."""

MOST_FAILED = 100
"""Failures that are remembered: whoever has a lease may ask for any digest."""

KEPT_BYTES = 64 * 1024 * 1024
"""The most that is kept of files; beyond it all are forgotten and read afresh."""

SIGNED = b"\n-----BEGIN SSH SIGNATURE-----"
"""How a signature begins; the line end before it is not of the manifest."""


class Place(Protocol):
    """Where objects lie by name."""

    def read(self, name: str) -> bytes | None:
        """The object; None when there is none. Raises `Unreadable`."""

    def write(self, name: str, data: bytes) -> None:
        """Write or replace the object. Raises `Refusal` when it does not fit, else `Surprise`."""

    def delete(self, name: str) -> None:
        """Delete the object; done as well when there is none. Raises `Surprise`."""


class StoredLate:
    """A `loops.agent_ports.LateStore`, and what people do with it; safe for threads.

    Args:
        place: where it lies.
        now: the time, in seconds, for how long readings are believed.
    """

    def __init__(self, place: Place, now: Callable[[], float]) -> None:
        self._place = place
        self._now = now
        self._lock = threading.Lock()
        self._read: dict[str, tuple[float, Late | None]] = {}
        self._files: dict[str, bytes] = {}
        self._failed: dict[str, tuple[float, Surprise]] = {}

    def late(self, pool: str) -> Late | None:
        """What the agents of the pool are to apply, as of at most 15 seconds ago.

        Raises:
            Unreadable: the place does not answer, or did not a moment ago.
            Surprise: what lies there is no signed manifest.
        """
        with self._alone(_pool_name(pool)) as now:
            at, found = self._read.get(pool, (None, None))
            if at is None or not at <= now < at + KEPT_SECONDS:
                found = self._late(pool)
                self._read[pool] = now, found
            return found

    def file(self, digest: str) -> bytes:
        """The file of that SHA-256.

        Raises:
            Missing: there is none.
            Unreadable: the place does not answer, or did not a moment ago.
            Surprise: what lies there has another digest.
        """
        with self._alone(_file_name(digest)):
            found = self._files.get(digest)
            if found is None:
                found = self._file(digest)
                if sum(map(len, self._files.values())) + len(found) > KEPT_BYTES:
                    self._files.clear()
                self._files[digest] = found
            return found

    def publish(self, pool: str, late: Late, files: Mapping[str, bytes]) -> None:
        """Have the agents of the pool apply it from now on; the files go first.

        Raises:
            Refusal: something does not fit there; nothing that agents see was changed.
            Surprise: the place refuses or does not answer; the same.
        """
        for digest, data in files.items():
            self._place.write(_file_name(digest), data)
        self._place.write(_pool_name(pool), late.manifest + b"\n" + late.signature)
        self._forget(pool)

    def withdraw(self, pool: str) -> None:
        """Have the agents of the pool apply nothing from now on; the files stay.

        Raises:
            Surprise: the place refuses or does not answer.
        """
        self._place.delete(_pool_name(pool))
        self._forget(pool)

    @contextmanager
    def _alone(self, name: str) -> Iterator[float]:
        """One reading at a time; what just failed fails again unasked."""
        if not self._lock.acquire(timeout=FAILED_SECONDS):
            raise Unreadable("late configuration: is being read for others")
        try:
            now = self._now()
            at, surprise = self._failed.get(name, (None, None))
            if at is not None and surprise is not None and at <= now < at + FAILED_SECONDS:
                raise surprise
            self._failed.pop(name, None)
            yield now
        except Surprise as wrong:
            if name not in self._failed:
                self._failed = dict(list(self._failed.items())[-MOST_FAILED:])
                self._failed[name] = self._now(), wrong
            raise
        finally:
            self._lock.release()

    def _forget(self, pool: str) -> None:
        with self._lock:
            self._read.pop(pool, None)
            self._failed.pop(_pool_name(pool), None)

    def _late(self, pool: str) -> Late | None:
        data = self._place.read(_pool_name(pool))
        if data is None:
            return None
        at = data.rfind(SIGNED)
        if at < 0:
            raise Surprise(f"late configuration of {pool}: bears no signature")
        return Late(manifest=data[:at], signature=data[at + 1 :])

    def _file(self, digest: str) -> bytes:
        found = self._place.read(_file_name(digest))
        if found is None:
            raise Missing(f"late configuration: no file {digest}")
        if hashlib.sha256(found).hexdigest() != digest:
            raise Surprise(f"late configuration: the file {digest} has another digest")
        return found


def stored_late(
    location: str, clients: AwsClients, now: Callable[[], float] | None = None
) -> StoredLate:
    """The store at a location of the setting `gateway.late`.

    Args:
        location: `s3://BUCKET/PREFIX` or `ssm:/PATH`.
        clients: the clients of the region, the bucket's too.
        now: the time; left out, the real one.

    Raises:
        Refusal: the location is neither.
    """
    scheme, _, rest = location.partition(":")
    path = rest.rstrip("/")
    if scheme == "s3" and path.startswith("//"):
        bucket, _, prefix = path.removeprefix("//").partition("/")
        place: Place = S3Place(clients, bucket, f"{prefix}/" if prefix else "")
    elif scheme == "ssm" and path.startswith("/"):
        place = SsmPlace(clients, path)
    else:
        raise Refusal(f"gateway.late: {location!r}: must be s3://BUCKET/PREFIX or ssm:/PATH")
    return StoredLate(place, now or RealClock().now)


def _pool_name(pool: str) -> str:
    return f"pools/{pool}/late"


def _file_name(digest: str) -> str:
    return f"files/{digest}"
