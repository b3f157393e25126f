"""What Packer says while it bakes: steps for people, and the names of what it made meanwhile.

Packer's machine-readable lines are `time,target,type,data...`; those of type `ui` are what it would
tell people. https://developer.hashicorp.com/packer/docs/commands#machine-readable-output
"""

import json
import re
from dataclasses import dataclass, replace

from workhorse.core.word import Word

TAIL = 25
"""How many of the last lines before a failure are kept."""

_TARGET = re.compile(r"^\s*(?:==> |--> )?([\w-]+(?:\.[\w-]+)+): ?")
"""What Packer puts before each line of a build, as in `==> workhorse.amazon-ebs.agent: `."""

_MADE = {
    "name": re.compile(r"Prevalidating AMI Name: (\S+)"),
    "key_pair": re.compile(r"Creating temporary keypair: (\S+)"),
    "security_group": re.compile(r"Creating temporary security group for this instance: (\S+)"),
    "instance": re.compile(r"Instance ID: (i-[0-9a-f]+)"),
    "image": re.compile(r"\bAMI: (ami-[0-9a-f]+)"),
}

_ERRORED = re.compile(r"^Build '[^']*' errored(?: after [^:]*)?: (.*)")

_SCRIPT = re.compile(r"^Provisioning with shell script: .*/")

_NOISE = "Setting a "
"""How it says before each provisioner what the limit of the next is."""

_CLEANING = (
    "Provisioning step had errors",
    "Step ",
    "Cancelling build",
    "Terminating the source AWS instance",
    "Cleaning up any extra volumes",
    "Deleting temporary",
)
"""How the steps begin with which Packer takes away what it made, after a failure as well."""


class Kind(Word):
    """How loudly Packer says a line."""

    SAY = "say"
    """A step begins."""
    MESSAGE = "message"
    """What happens within it."""
    ERROR = "error"
    """A failure, or what a provisioner wrote to its stderr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a build, or of Packer itself."""

    kind: Kind
    text: str
    of_build: bool
    """Whether it is about a build, and not about all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a bake made in AWS, as far as it told; empty for what it did not."""

    name: str = ""
    """The AMI's name, with which everything of the run is tagged as `workhorse:bake`."""
    key_pair: str = ""
    security_group: str = ""
    instance: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baking:
    """How far a bake is."""

    step: str = ""
    """What it does, in Packer's words; after a failure, what failed."""
    tail: tuple[str, ...] = ()
    """The last lines of that step and those before."""
    why: str = ""
    """What Packer calls the reason of its failure."""
    cleaning: bool = False
    """Packer takes away what it made."""
    made: Made = Made()

    def heard(self, line: Line) -> "Baking":
        """How far it is once it has said this."""
        found = self._noted(line.text)
        if line.kind is Kind.SAY and line.of_build and not line.text.startswith(_NOISE):
            found = replace(found, cleaning=found.cleaning or line.text.startswith(_CLEANING))
            if not found.cleaning:
                found = replace(found, step=_SCRIPT.sub("Provisioning with ", line.text))
        if found.cleaning:
            return found
        return replace(found, tail=(*found.tail[1 - TAIL :], line.text))

    def _noted(self, text: str) -> "Baking":
        made = self.made
        for name, pattern in _MADE.items():
            match = pattern.search(text)
            if match:
                made = replace(made, **{name: match[1]})
        errored = _ERRORED.match(text)
        return replace(self, made=made, why=errored[1] if errored else self.why)


def lines(raw: str) -> tuple[Line, ...]:
    """What a line of machine-readable output says; none when it is not for people."""
    parts = raw.rstrip("\n").split(",", 4)
    if len(parts) != len(("time", "target", "type", "kind", "text")) or parts[2] != "ui":
        return ()
    if parts[3] not in set(Kind):
        return ()
    text = parts[4].replace("%!(PACKER_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")
    found = []
    for line in text.splitlines():
        about = _TARGET.match(line)
        rest = line[about.end() :] if about else line.removeprefix("==> ")
        if rest.strip():
            found.append(Line(kind=Kind(parts[3]), text=rest.rstrip(), of_build=about is not None))
    return tuple(found)


def baked(manifest: str, region: str) -> str:
    """The AMI of the newest build in a manifest.

    Raises:
        ValueError: it is no manifest, or names no AMI of that region.
    """
    try:
        artifacts = json.loads(manifest)["builds"][-1]["artifact_id"].split(",")
    except (KeyError, IndexError, AttributeError, TypeError) as wrong:
        raise ValueError(f"no manifest of Packer: {wrong!r}") from wrong
    images: dict[str, str] = dict(artifact.partition(":")[::2] for artifact in artifacts)
    if not images.get(region):
        raise ValueError(f"the manifest names no AMI of {region}, only {', '.join(artifacts)}")
    return images[region]


def version(text: str) -> tuple[int, ...]:
    """The version that `packer version` prints.

    Raises:
        ValueError: it is something else, as cracklib's program of that name says.
    """
    found = re.search(r"^Packer v(\d+)\.(\d+)\.(\d+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"{text.strip()[:100]!r} is no version of HashiCorp's Packer")
    return tuple(map(int, found.groups()))


def plugged(version: tuple[int, ...]) -> bool:
    """Whether this Packer keeps its builders in plugins, as all since 1.11 that we support.

    Raises:
        ValueError: it is neither one of those nor Debian's 1.6.6.
    """
    if version >= (1, 11):
        return True
    if (1, 6, 6) <= version < (1, 7):
        return False
    told = ".".join(map(str, version))
    raise ValueError(f"Packer {told} must be 1.11 or newer, or Debian's 1.6.6")
