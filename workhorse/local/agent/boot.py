"""From power-on to a node in Jenkins: who am I, what am I told, here I am."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from workhorse.local.agent.cloud import CallError, Cloud
from workhorse.local.agent.gateway import Gateway, Prove, by_token
from workhorse.local.agent.image import Image, image
from workhorse.local.agent.metadata import GATEWAY, SWARM, Configuration, Metadata, configuration
from workhorse.local.agent.place import Place, RegistrationError
from workhorse.local.agent.proof import Aim, proof
from workhorse.local.agent.registration import Swarm

METADATA = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
ENDPOINT = "AWS_ENDPOINT_URL"
CLOCK = "WORKHORSE_CLOCK"
"""Variables that the embedded AWS gives to the body of an instance."""

PAUSE_SECONDS = 0.5
"""Real seconds before something that failed is tried again."""

LONGEST_PAUSE = 10.0
"""Longest real seconds that a server may have us wait."""

TRIES = 240
"""After so many failures in a row, two minutes, the machine gives up and powers itself off: Auto
Scaling replaces it, and a half-booted agent never counts as capacity for long."""

Found = TypeVar("Found")


class Registrar(Protocol):
    """A way into Jenkins."""

    def register(self) -> Place:
        """Become a node, or find that this is one; raises RegistrationError or OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A booted machine: its name, what it was told, whom it registers with."""

    name: str
    settings: Configuration
    metadata: Metadata
    registrar: Registrar
    image: Image

    @property
    def gateway(self) -> Gateway | None:
        """The gateway, when it came in by one."""
        return self.registrar if isinstance(self.registrar, Gateway) else None


def boot(environ: Mapping[str, str]) -> Machine:
    """Learn everything from the instance's own services.

    Raises:
        ValueError: the user data is no configuration of an agent, or the image's tag none.
        OSError, CallError: a service did not answer, or refused, until patience ended.
    """
    metadata = Metadata(environ[METADATA])
    name = patiently(metadata.instance_id)
    settings = configuration(patiently(metadata.user_data))
    cloud = Cloud(environ[ENDPOINT], settings.region)
    image_id = patiently(metadata.image_id)
    found = patiently(lambda: image(cloud, image_id))
    return Machine(
        name=name,
        settings=settings,
        metadata=metadata,
        registrar=_registrar(name, settings, metadata, cloud),
        image=found,
    )


def _registrar(name: str, settings: Configuration, metadata: Metadata, cloud: Cloud) -> Registrar:
    if settings.way == GATEWAY:
        prove = by_identity(name, settings, metadata, cloud.endpoint)
        return Gateway(settings.gateway_url, prove)
    own = Cloud(cloud.endpoint, cloud.region, key=_own_key(metadata))
    if settings.way == SWARM:
        token = patiently(lambda: own.parameter(settings.jenkins_token_parameter))
        return Swarm(settings, token, name)
    token = patiently(lambda: own.parameter(settings.token_parameter))
    return Gateway(settings.gateway_url, by_token(token, size()))


def _own_key(metadata: Metadata) -> str:
    """The access key of the instance's role, if it has one: by it the cloud tells who reads."""
    try:
        return metadata.key().id
    except OSError:
        return "embedded"


def by_identity(name: str, settings: Configuration, metadata: Metadata, endpoint: str) -> Prove:
    """Prove by the credentials of the instance's role, which are its own."""
    aim = Aim(endpoint=endpoint, region=settings.region, audience=settings.audience)

    def prove(nonce: str) -> Mapping[str, object]:
        made = proof(metadata.key(), aim, nonce, time.time())
        return {"way": GATEWAY, "name": name, "proof": made, **size()}

    return prove


def size() -> dict[str, float]:
    """How large this machine is, in the gateway's words."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"vcpus": len(os.sched_getaffinity(0)), "memory_gib": round(pages / 2**30, 1)}


def home(place: Place) -> Path:
    """The agent's own folder; agents of an embedded cloud share the remote root directory."""
    return Path(place.directory, place.name)


def patiently(
    act: Callable[[], Found],
    *,
    tries: int = TRIES,
    pause: float = PAUSE_SECONDS,
    speed: float = 1.0,
) -> Found:
    """Do it until it works, or for so many tries, with a pause after each failure.

    Args:
        act: what is done.
        tries: how often.
        pause: real seconds.
        speed: of virtual time, which is what a server means that asks for patience.
    """
    rest = threading.Event()
    parent = os.getppid()
    for left in reversed(range(tries)):
        try:
            return act()
        except (OSError, CallError, RegistrationError) as error:
            if not left or orphaned(parent):
                raise
            sys.stderr.write(f"{error}\n")
            rest.wait(pause_after(error, pause, speed))
    raise AssertionError("the last try returns or raises")


def pause_after(error: Exception, pause: float, speed: float) -> float:
    """Real seconds until the next try."""
    asked = error.retry_seconds if isinstance(error, RegistrationError) else 0.0
    return max(pause, min(LONGEST_PAUSE, asked / max(1.0, speed)))


def orphaned(parent: int) -> bool:
    """Whether the cloud that started this machine is no more: then so is the machine."""
    return os.getppid() != parent
