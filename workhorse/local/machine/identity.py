"""What the embedded AWS knows of an instance: its image, its key; and where an image came from."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from workhorse.local.agent.cloud import Cloud

CREATED = re.compile(r"Created by CreateImage\((i-[0-9a-f]+)\) for (ami-[0-9a-f]+)")
"""The description that CreateImage gives to a snapshot, on AWS as here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An instance as it was launched."""

    image: str
    public_key: str
    """Of its key pair, in OpenSSH's form; empty when it was launched without one."""


def identity(cloud: Cloud, instance: str) -> Identity:
    """Ask EC2.

    Raises:
        CallError: EC2 refuses.
        OSError: no answer.
        LookupError: EC2 tells of no image.
    """
    told = _asked(cloud, "DescribeInstances", {"InstanceId.1": instance})
    image = told.findtext(".//{*}instancesSet/{*}item/{*}imageId")
    key = told.findtext(".//{*}instancesSet/{*}item/{*}keyName") or ""
    if not image:
        raise LookupError(f"{instance}: EC2 tells of no image")
    return Identity(image=image, public_key=_public_key(cloud, key) if key else "")


def made_from(cloud: Cloud, image: str) -> str:
    """The instance that an AMI was created from; empty when it is nobody's.

    Raises:
        CallError: EC2 refuses.
        OSError: no answer.
    """
    told = _asked(cloud, "DescribeSnapshots", {"Owner.1": "self"})
    for item in told.iterfind(".//{*}snapshotSet/{*}item/{*}description"):
        found = CREATED.fullmatch((item.text or "").strip())
        if found and found[2] == image:
            return found[1]
    return ""


def _public_key(cloud: Cloud, name: str) -> str:
    asked = {"KeyName.1": name, "IncludePublicKey": "true"}
    told = _asked(cloud, "DescribeKeyPairs", asked)
    key = told.findtext(".//{*}keySet/{*}item/{*}publicKey") or ""
    # EC2 hands a machine its key with the name behind; Packer finds its own again by that.
    return " ".join([*key.split()[:2], name])


def _asked(cloud: Cloud, action: str, parameters: dict[str, str]) -> ET.Element:
    return ET.fromstring(cloud.query("ec2", action, parameters))  # noqa: S314 - our own cloud
