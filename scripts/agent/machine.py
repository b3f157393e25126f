"""What this machine is, what it was told to be, and how it shows that to the gateway."""

import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .exchange import FailedError
from .folder import keep
from .metadata import ENDPOINT, Metadata
from .parameter import parameter
from .proof import proof
from .tell import say
from .userdata import Told, check, configuration

USER_DATA = Path("/etc/workhorse/user-data")
"""Where a machine without a metadata service is told; where it is, user data is not asked for."""

STATE = Path("/var/lib/workhorse")
"""What outlives a boot: the name that the gateway gave, digests of what was applied."""

RESUME = "resume.json"
"""The name and the word by which a machine that came in by a token comes in again."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine that knows what to be."""

    told: Told
    name: str
    """The instance id; empty where the gateway is to give a name."""
    metadata: Metadata | None
    """None where there is no such service."""
    aws: str | None
    """AWS' endpoint, where it is not Amazon's own."""
    state: Path = STATE

    def region(self) -> str:
        """Where AWS is asked."""
        if self.told.region or self.metadata is None:
            return self.told.region
        return self.metadata.region()

    def secret_parameter(self, name: str) -> str:
        """The value of an SSM parameter."""
        return parameter(name, self.region(), self.aws).strip()

    def claim(self, nonce: Callable[[], str]) -> dict[str, object]:
        """Who this is, for the gateway: by the role of the instance, or by a token.

        Raises:
            FailedError, OSError: a service that it needs refused, or did not answer.
        """
        if self.told.way == "gateway":
            proved = {"name": self.name, "proof": self._proof(nonce())}
            return {"way": "gateway", **proved, **size()}
        return {"way": "token", "token": self._token(), **self.resume(), **size()}

    def _proof(self, nonce: str) -> dict[str, object]:
        if self.metadata is None:
            raise FailedError("no metadata service, and so no identity to prove")
        region = self.region()
        sts = self.aws.rstrip("/") + "/" if self.aws else ""
        endpoint = sts or f"https://sts.{region}.{self.metadata.domain()}/"
        audience = self.told.gateway_audience
        return proof(self.metadata.keys(), region, endpoint, audience, nonce)

    def _token(self) -> str:
        if self.told.token_file:
            return Path(self.told.token_file).read_text().strip()
        return self.secret_parameter(self.told.token_parameter)

    def resume(self) -> dict[str, str]:
        """The name that the gateway gave to this machine, and the word for it; empty at first."""
        try:
            found = json.loads((self.state / RESUME).read_text())
            return {"name": str(found["name"]), "resume": str(found["resume"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"name": "", "resume": ""}

    def remember(self, name: str, resume: str) -> None:
        """Keep the name and the word for it."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o755)
        keep(self.state / RESUME, json.dumps({"name": name, "resume": resume}), 0o600)

    def forget(self) -> None:
        """Ask for a new name the next time: this one is not ours any more."""
        (self.state / RESUME).unlink(missing_ok=True)


def learn(environ: Mapping[str, str], file: Path = USER_DATA, state: Path = STATE) -> Machine:
    """Ask what there is to ask.

    Raises:
        ValueError: user data can never work; the message says why.
        FailedError, OSError: the metadata service refused, or did not answer.
    """
    endpoint = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or ENDPOINT
    service = Metadata(endpoint)
    here = file.exists()
    told = configuration(file.read_text() if here else service.leaf("user-data"))
    check(told)
    aws = environ.get("AWS_ENDPOINT_URL") or None
    if here and told.way != "gateway":
        return Machine(told=told, name=_own_name(told), metadata=None, aws=aws, state=state)
    name = service.leaf("meta-data/instance-id").strip()
    return Machine(told=told, name=name, metadata=service, aws=aws, state=state)


def _own_name(told: Told) -> str:
    """Swarm takes a machine's own name; a token's gateway gives one."""
    return socket.gethostname() if told.way == "swarm" else ""


def size(meminfo: Path = Path("/proc/meminfo")) -> dict[str, object]:
    """How large this machine is: vCPUs that may be used, and GiB of memory."""
    found = re.search(r"^MemTotal:\s+(\d+) kB$", meminfo.read_text(), re.MULTILINE)
    if found is None:
        say(f"{meminfo} does not tell the memory")
    gib = int(found[1]) / 2**20 if found else 1.0
    return {"vcpus": len(os.sched_getaffinity(0)), "memory_gib": round(gib, 2)}
