"""The two AWS calls that an agent makes: read its token's parameter, complete its hook.

They are written out by hand because boto3 takes longer to import than the rest of the agent takes
to boot. The requests are not signed: the embedded cloud checks no signature, and reads from the
credential's scope only which service is meant.
"""

import json
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from workhorse.local.agent.http import Answer, ask

OK = 200


class Cloud:
    """The embedded AWS at `endpoint`, asked about one region."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint.rstrip("/") + "/"
        self._region = region

    def parameter(self, name: str) -> str:
        """The decrypted value of an SSM parameter.

        Raises:
            LookupError: there is none of this name.
            OSError: no answer.
        """
        headers = {
            "X-Amz-Target": "AmazonSSM.GetParameter",
            "Content-Type": "application/x-amz-json-1.1",
        }
        asked = json.dumps({"Name": name, "WithDecryption": True})
        answer = self._ask("ssm", headers, asked)
        if answer.status != OK:
            raise LookupError(f"SSM parameter {name}: {answer.status} {answer.text[:200]}")
        value: str = json.loads(answer.body)["Parameter"]["Value"]
        return value

    def complete_hook(self, group: str, hook: str, instance: str) -> None:
        """CompleteLifecycleAction with CONTINUE.

        Raises:
            LookupError: Auto Scaling refused; the message holds its words.
            OSError: no answer.
        """
        form = {
            "Action": "CompleteLifecycleAction",
            "Version": "2011-01-01",
            "AutoScalingGroupName": group,
            "LifecycleHookName": hook,
            "InstanceId": instance,
            "LifecycleActionResult": "CONTINUE",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._ask("autoscaling", headers, urlencode(form))
        if answer.status != OK:
            raise LookupError(f"CompleteLifecycleAction: {answer.status} {_message(answer)}")

    def _ask(self, service: str, headers: dict[str, str], body: str) -> Answer:
        scope = f"embedded/20260101/{self._region}/{service}/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        headers = {**headers, "Authorization": signed}
        return ask("POST", self._endpoint, headers=headers, body=body.encode())


def _message(answer: Answer) -> str:
    """The Message of an AWS query error, or the start of whatever came."""
    try:
        found = ET.fromstring(answer.body).findtext(".//{*}Message")  # noqa: S314 (our own cloud)
    except ET.ParseError:
        found = None
    return found or answer.text[:200]
