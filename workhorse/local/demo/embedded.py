"""What the demo itself asks of the embedded AWS: admin pages, and an outsider's few calls."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from workhorse.local.agent.cloud import CallError, Cloud
from workhorse.local.agent.http import ask
from workhorse.local.demo.processes import StageError

REGION = "us-east-1"


class EmbeddedCloud:
    """The embedded AWS at `endpoint`; methods raise StageError when it refuses."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._cloud = Cloud(endpoint, REGION)

    def state(self) -> dict[str, Any]:
        """Instances, volumes and groups as they are; page `/_local/state`."""
        found: dict[str, Any] = self._admin("GET", "state")
        return found

    def events(self) -> list[dict[str, Any]]:
        """What happened, oldest first; page `/_local/events`."""
        found = self._admin("GET", "events")
        events: list[dict[str, Any]] = found["events"] if isinstance(found, dict) else found
        return events

    def warn_spot(self, instance: str) -> None:
        """Tell a spot instance that EC2 takes it back in two minutes."""
        self._admin("POST", "spot/interrupt", {"instance": instance})

    def subnets(self, count: int) -> dict[str, str]:
        """Subnets of the default VPC, each with its zone, which no other has."""
        answer = ET.fromstring(self._query("ec2", "DescribeSubnets"))  # noqa: S314 (our own cloud)
        found = {
            item.findtext("{*}subnetId") or "": item.findtext("{*}availabilityZone") or ""
            for item in answer.iterfind(".//{*}subnetSet/{*}item")
        }
        return dict(sorted(found.items())[:count])

    def copy_image(self, image: str, name: str) -> str:
        """CopyImage: an image alike with an id of its own."""
        form = {"SourceImageId": image, "SourceRegion": REGION, "Name": name}
        answer = ET.fromstring(self._query("ec2", "CopyImage", form))  # noqa: S314 (our own cloud)
        return next(item.text or "" for item in answer.iter() if _is(item, "imageId"))

    def tag(self, resource: str, key: str, value: str) -> None:
        """CreateTags."""
        form = {"ResourceId.1": resource, "Tag.1.Key": key, "Tag.1.Value": value}
        self._query("ec2", "CreateTags", form)

    def terminate_in_group(self, instance: str) -> None:
        """TerminateInstanceInAutoScalingGroup; the group replaces it."""
        form = {"InstanceId": instance, "ShouldDecrementDesiredCapacity": "false"}
        self._query("autoscaling", "TerminateInstanceInAutoScalingGroup", form)

    def set_desired(self, group: str, size: int) -> None:
        """SetDesiredCapacity."""
        form = {"AutoScalingGroupName": group, "DesiredCapacity": str(size)}
        self._query("autoscaling", "SetDesiredCapacity", form)

    def terminate(self, instance: str) -> None:
        """EC2's own TerminateInstances, which asks no hook."""
        self._query("ec2", "TerminateInstances", {"InstanceId.1": instance})

    def _query(self, service: str, action: str, form: dict[str, str] | None = None) -> bytes:
        try:
            return self._cloud.query(service, action, form or {})
        except (CallError, OSError) as error:
            raise StageError(f"embedded AWS: {error}") from error

    def _admin(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.endpoint}/_local/{path}"
        headers = {"Content-Type": "application/json"}
        try:
            answer = ask(method, url, headers=headers, body=data)
        except OSError as error:
            raise StageError(f"embedded AWS: {path}: {error}") from error
        if answer.status >= 300:  # noqa: PLR2004 - all the good ones are below
            raise StageError(f"embedded AWS: {path}: {answer.status} {answer.text[:300]}")
        return json.loads(answer.body) if answer.body else None


def _is(item: ET.Element, name: str) -> bool:
    return item.tag.rsplit("}", 1)[-1] == name
