"""From power-on to a node in Jenkins: who am I, what am I told, here I am."""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from workhorse.local.agent.cloud import CallError, Cloud
from workhorse.local.agent.image import Image, image
from workhorse.local.agent.metadata import Configuration, Metadata, configuration
from workhorse.local.agent.registration import Registrar, RegistrationError

METADATA = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
ENDPOINT = "AWS_ENDPOINT_URL"
CLOCK = "WORKHORSE_CLOCK"
"""Variables that the embedded AWS gives to the body of an instance."""

PAUSE_SECONDS = 0.5
"""Real seconds before something that failed is tried again."""

TRIES = 240
"""After so many failures in a row, two minutes, the machine gives up and powers itself off: Auto
Scaling replaces it, and a half-booted agent never counts as capacity for long."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A booted machine: its name, what it was told, whom it registers with."""

    name: str
    settings: Configuration
    registrar: Registrar
    image: Image

    def register(self) -> str:
        """Create the node where there is none, and give its secret."""
        self.registrar.create(self.name, self.settings)
        return self.registrar.secret(self.name)


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
    token = patiently(lambda: cloud.parameter(settings.token_parameter))
    registrar = Registrar(settings.jenkins_url, settings.jenkins_user, token)
    return Machine(name=name, settings=settings, registrar=registrar, image=found)


def patiently(
    act: Callable[[], Found], *, tries: int = TRIES, pause: float = PAUSE_SECONDS
) -> Found:
    """Do it until it works, or for so many tries, with a pause after each failure."""
    rest = threading.Event()
    parent = os.getppid()
    for left in reversed(range(tries)):
        try:
            return act()
        except (OSError, CallError, RegistrationError) as error:
            if not left or orphaned(parent):
                raise
            sys.stderr.write(f"{error}\n")
            rest.wait(pause)
    raise AssertionError("the last try returns or raises")


def orphaned(parent: int) -> bool:
    """Whether the cloud that started this machine is no more: then so is the machine."""
    return os.getppid() != parent
