"""EC2's instances: read by filters, page by page, and the tags on them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workhorse.adapters.session import AwsClients, portions, reading

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef

VALUES_PER_FILTER = 200
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html"""

PRESENT = ("pending", "running", "stopping", "stopped")
"""States of an instance that has not ended and does not end."""

ENDING = ("shutting-down", "terminated")
"""The other states."""

NO_FURTHER: Mapping[str, Sequence[str]] = {}


def describe_instances(
    clients: AwsClients,
    name: str,
    values: Sequence[str],
    *,
    further: Mapping[str, Sequence[str]] = NO_FURTHER,
) -> Iterator["InstanceTypeDef"]:
    """The instances of which the filter `name` has one of the values; with none, no call.

    By filters and never by ids: what EC2 does not know is left out, and fails nothing.

    Args:
        clients: the clients of the region.
        name: the filter's, as `instance-id` or `tag:NAME`.
        values: any number of them.
        further: filters that must hold too, by name.

    Raises:
        Unreadable: EC2 does not answer.
    """
    pages = clients.ec2.get_paginator("describe_instances")
    for some in portions(values, VALUES_PER_FILTER):
        filters: list[FilterTypeDef] = [
            {"Name": key, "Values": list(wanted)} for key, wanted in {name: some, **further}.items()
        ]
        with reading(f"DescribeInstances by {len(some)} of {name}"):
            for page in pages.paginate(Filters=filters):
                for reservation in page["Reservations"]:
                    yield from reservation["Instances"]


def tags_of(told: "InstanceTypeDef") -> dict[str, str]:
    """The tags of an instance."""
    return {tag["Key"]: tag.get("Value", "") for tag in told.get("Tags", ())}
