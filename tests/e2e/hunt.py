"""A hunt for secrets: every place where one could lie, and the spellings it could have there.

Whoever hunts plants a decoy in every kind of place first: a hunt that does not find it proves
nothing.
"""

import base64
import contextlib
import json
import os
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, quote_plus

from workhorse.adapters.session import AwsClients

Text = tuple[str, bytes]
"""A place, as `user data of i-0123`, and what lies there."""

PACKED = frozenset({".zip", ".tfplan"})
"""Names of files that are archives: Terraform's plans are."""

LOOK_SECONDS = 0.05
"""Between two looks at all processes: one that lives shorter may be missed, a shell's `curl` not
often, and the same programs run many times."""


def spellings(secret: str) -> tuple[bytes, ...]:
    """How a secret may be written: as it is, quoted for a URL, in hex, in base64 amid other text.

    In base64 it looks in three ways, by where in a group of three bytes it begins; the letters that
    depend on its neighbours are left out.
    """
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), raw.hex().encode()}
    found.add(json.dumps(secret)[1:-1].encode())
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        inner = coded[(0, 2, 3)[before] : len(coded) // 4 * 4 - 4]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret where it must not be."""

    secret: str
    """Its name, never itself."""
    place: str


def findings(secrets: Mapping[str, str], texts: Iterable[Text]) -> set[Finding]:
    """Which of the secrets, by name, lie in which places."""
    wanted = [(name, each) for name, secret in secrets.items() for each in spellings(secret)]
    return {
        Finding(name, place)
        for place, text in texts
        for name, spelling in wanted
        if spelling in text
    }


def files(folder: Path, *, but: Sequence[str] = ()) -> Iterator[Text]:
    """Every file below a folder, its name too; what is packed is unpacked.

    What goes while we look is passed over: machines end, and take their folders with them.

    Args:
        folder: where to look.
        but: names of files and folders that are passed over, relative to the folder.
    """
    for path in sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names):
        name = path.relative_to(folder).as_posix()
        passed = any(f"{name}/".startswith(f"{each}/") for each in but)
        if passed or path.is_symlink() or not path.is_file():
            continue
        with contextlib.suppress(OSError):
            yield f"file {name}", path.name.encode() + b"\n" + _content(path)
        if path.suffix in PACKED:
            with zipfile.ZipFile(path) as packed:
                for inner in packed.namelist():
                    yield f"file {name}, {inner}", packed.read(inner)


def _content(path: Path) -> bytes:
    """What was written; a disk of a machine is mostly holes, which are passed over."""
    parts: list[bytes] = []
    at = 0
    with path.open("rb") as file:
        while True:
            try:
                begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                return b"".join(parts)
            at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            file.seek(begin)
            parts.append(file.read(at - begin))


def cloud(clients: AwsClients) -> Iterator[Text]:
    """What anybody who may look around in the account can read: everything but SecureStrings."""
    yield from _user_data(clients)
    yield from _templates(clients)
    yield from _parameters(clients)
    yield from _metrics(clients)
    yield from _tags(clients)


def _user_data(clients: AwsClients) -> Iterator[Text]:
    pages = clients.ec2.get_paginator("describe_instances").paginate()
    for page in pages:
        for reservation in page["Reservations"]:
            for one in reservation["Instances"]:
                instance = one["InstanceId"]
                yield f"description of {instance}", _json(one)
                told = clients.ec2.describe_instance_attribute(
                    InstanceId=instance, Attribute="userData"
                )
                coded = told.get("UserData", {}).get("Value", "")
                yield f"user data of {instance}", base64.b64decode(coded)


def _templates(clients: AwsClients) -> Iterator[Text]:
    for template in clients.ec2.describe_launch_templates()["LaunchTemplates"]:
        name = template["LaunchTemplateName"]
        versions = clients.ec2.describe_launch_template_versions(LaunchTemplateName=name)
        for version in versions["LaunchTemplateVersions"]:
            place = f"launch template {name}, version {version['VersionNumber']}"
            yield place, _json(version)
            data = version["LaunchTemplateData"].get("UserData", "")
            yield f"{place}, user data", base64.b64decode(data)


def _parameters(clients: AwsClients) -> Iterator[Text]:
    """SecureStrings as AWS hands them to who may not decrypt: by name and description only."""
    for page in clients.ssm.get_paginator("describe_parameters").paginate():
        for one in page["Parameters"]:
            yield f"parameter {one['Name']}", _json(one)
            if one["Type"] != "SecureString":
                found = clients.ssm.get_parameter(Name=one["Name"])
                yield f"value of parameter {one['Name']}", found["Parameter"]["Value"].encode()
    for bucket in clients.s3.list_buckets()["Buckets"]:
        for one in clients.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = clients.s3.get_object(Bucket=bucket["Name"], Key=one["Key"])["Body"].read()
            yield f"object {one['Key']}", one["Key"].encode() + b"\n" + body


def _metrics(clients: AwsClients) -> Iterator[Text]:
    for page in clients.cloudwatch.get_paginator("list_metrics").paginate():
        for one in page["Metrics"]:
            yield f"metric {one['MetricName']}", _json(one)
    for each in clients.cloudwatch.list_dashboards()["DashboardEntries"]:
        name = each["DashboardName"]
        body = clients.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        yield f"dashboard {name}", body.encode()
    for alarm in clients.cloudwatch.describe_alarms()["MetricAlarms"]:
        yield f"alarm {alarm['AlarmName']}", _json(alarm)


def _tags(clients: AwsClients) -> Iterator[Text]:
    for tag in clients.ec2.describe_tags()["Tags"]:
        yield f"tag {tag['Key']} of {tag['ResourceId']}", _json(tag)
    for group in clients.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
        yield f"group {group['AutoScalingGroupName']}", _json(group)


def _json(value: Any) -> bytes:
    return json.dumps(value, default=str).encode()


@dataclass
class Processes:
    """The arguments and environments of all processes of this machine, looked at all the time.

    A context; what was seen is kept once each, whoever ran it.
    """

    seen: dict[bytes, str] = field(default_factory=dict)
    """Text to place."""
    looks: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def texts(self) -> Iterator[Text]:
        """All that was seen."""
        yield from ((place, text) for text, place in list(self.seen.items()))

    def _watch(self) -> None:
        while not self._end.is_set():
            self.look()
            self._end.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Look at all processes once."""
        for process in Path("/proc").glob("[0-9]*"):
            for kind in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    text = (process / kind).read_bytes()
                    if text and text not in self.seen:
                        program = text.split(b"\0")[0] if kind == "cmdline" else b""
                        named = f" ({program.decode(errors='replace')})" if program else ""
                        self.seen[text] = f"{kind} of process {process.name}{named}"
        self.looks += 1
