"""AWS calls written out by hand, for programs that cannot wait for boto3.

An agent makes few: it reads its token's parameter and its image's tag, and lets its instance go.
boto3 takes longer to import than the rest of the agent takes to boot. The requests are not signed:
the embedded cloud checks no signature, and reads from the credential's scope only which service is
meant.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from workhorse.local.agent.http import Answer, ask

OK = 200

VERSIONS = {"autoscaling": "2011-01-01", "ec2": "2016-11-15"}
"""API version of each service that speaks AWS query."""


class CallError(Exception):
    """AWS refused a call."""


class Cloud:
    """The embedded AWS at `endpoint`, asked about one region with the access key `key`."""

    def __init__(self, endpoint: str, region: str, *, key: str = "embedded") -> None:
        self.endpoint = endpoint.rstrip("/") + "/"
        self.region = region
        self._key = key

    def parameter(self, name: str) -> str:
        """The decrypted value of an SSM parameter; raises like `json_call`."""
        answer = self.json_call("GetParameter", {"Name": name, "WithDecryption": True})
        value: str = answer["Parameter"]["Value"]
        return value

    def tag(self, resource: str, key: str) -> str:
        """The value of an EC2 resource's tag, empty when it has none; raises like `query`."""
        form = {
            "Filter.1.Name": "resource-id",
            "Filter.1.Value.1": resource,
            "Filter.2.Name": "key",
            "Filter.2.Value.1": key,
        }
        answer = ET.fromstring(self.query("ec2", "DescribeTags", form))  # noqa: S314 (our own cloud)
        return answer.findtext(".//{*}tagSet/{*}item/{*}value") or ""

    def complete_hook(self, group: str, hook: str, instance: str) -> None:
        """CompleteLifecycleAction with CONTINUE; raises like `query`."""
        form = {
            "AutoScalingGroupName": group,
            "LifecycleHookName": hook,
            "InstanceId": instance,
            "LifecycleActionResult": "CONTINUE",
        }
        self.query("autoscaling", "CompleteLifecycleAction", form)

    def query(self, service: str, action: str, parameters: Mapping[str, str]) -> bytes:
        """Make a call of a service that speaks AWS query, and give its XML.

        Raises:
            CallError: AWS refused; the message holds its words.
            OSError: no answer.
        """
        form = {"Action": action, "Version": VERSIONS[service], **parameters}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._ask(service, headers, urlencode(form))
        if answer.status != OK:
            raise CallError(f"{action}: {answer.status} {_message(answer)}")
        return answer.body

    def json_call(self, action: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """Make a call of SSM, which speaks JSON.

        Raises:
            CallError: AWS refused; the message holds its words.
            OSError: no answer.
        """
        headers = {
            "X-Amz-Target": f"AmazonSSM.{action}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        answer = self._ask("ssm", headers, json.dumps(parameters))
        if answer.status != OK:
            raise CallError(f"{action}: {answer.status} {answer.text[:200]}")
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def _ask(self, service: str, headers: dict[str, str], body: str) -> Answer:
        scope = f"{self._key}/20260101/{self.region}/{service}/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        headers = {**headers, "Authorization": signed}
        return ask("POST", self.endpoint, headers=headers, body=body.encode())


def _message(answer: Answer) -> str:
    """The Message of an AWS query error, or the start of whatever came."""
    try:
        found = ET.fromstring(answer.body).findtext(".//{*}Message")  # noqa: S314 (our own cloud)
    except ET.ParseError:
        found = None
    return found or answer.text[:200]
