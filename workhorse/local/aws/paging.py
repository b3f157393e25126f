"""DescribeInstances in pages of instances, and look-ups that do not scan everything.

moto counts reservations, so one reservation of 2,000 is one page; it copies all reservations
for each id, and matches all tags of all resources for the tags of one.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
"""

import copy
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidInstanceIdError, InvalidParameterValueError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.instances import Instance, InstanceBackend, Reservation
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from workhorse.local.aws.patching import original

PAGE = 1000
"""DescribeInstances' MaxResults at most, and without it."""


def pages(reservations: list[Reservation], start: int, size: int) -> list[Reservation]:
    """The reservations that hold the instances number `start` to `start + size`.

    A reservation on the edge is given in part.
    """
    chosen: list[Reservation] = []
    number = 0
    for reservation in reservations:
        first = max(start - number, 0)
        last = max(start + size - number, 0)
        inside = reservation.instances[first:last]
        number += len(reservation.instances)
        if inside:
            part = copy.copy(reservation)
            part.instances = inside
            chosen.append(part)
    return chosen


def describe_instances(self: InstanceResponse) -> ActionResult:
    """InstanceResponse.describe_instances: MaxResults counts instances."""
    token, most = self._get_param("NextToken"), self._get_param("MaxResults")
    self.params.pop("NextToken", None)
    self.params["MaxResults"] = 10**9
    result: ActionResult = original(InstanceResponse, "describe_instances")(self)
    if token is not None and not str(token).isdigit():
        raise InvalidParameterValueError(f"Invalid value '{token}' for nextToken")
    found: dict[str, Any] = dict(cast("dict[str, Any]", result.result))
    start, size = int(token or 0), min(int(most or PAGE), PAGE)
    total = sum(len(one.instances) for one in found["Reservations"])
    found["Reservations"] = pages(found["Reservations"], start, size)
    found["NextToken"] = str(start + size) if start + size < total else None
    return ActionResult(found)


def get_instance_by_id(self: InstanceBackend, instance_id: str) -> Instance | None:
    """InstanceBackend.get_instance_by_id without copies."""
    for reservation in reversed(list(self.reservations.values())):
        for instance in reservation.instances:
            if instance.id == instance_id:
                return instance
    return None


def get_instance(self: InstanceBackend, instance_id: str) -> Instance:
    """InstanceBackend.get_instance without copies; raises InvalidInstanceIdError."""
    found = get_instance_by_id(self, instance_id)
    if found is None:
        raise InvalidInstanceIdError(instance_id)
    return found


def get_tags(self: TaggedEC2Resource) -> list[dict[str, str]]:
    """TaggedEC2Resource.get_tags: this resource's own, without a look at the others."""
    resource: Any = self
    if not resource.id:
        return []
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource.id), "")
    found = resource.ec2_backend.tags.get(resource.id, {})
    return [
        {"resource_id": resource.id, "key": key, "value": value, "resource_type": kind}
        for key, value in list(found.items())
    ]
