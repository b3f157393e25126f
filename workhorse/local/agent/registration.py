"""How a machine becomes a Jenkins node: create it, learn its secret.

The requests are those of `docs/` and of any inbound WebSocket agent: `doCreateItem` with the
launcher written out, then the JNLP file, whose first argument is the secret.
"""

import base64
import json
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from workhorse.local.agent.http import Answer, ask
from workhorse.local.agent.metadata import Configuration

OK, FOUND, BAD_REQUEST = 200, 302, 400


class RegistrationError(Exception):
    """Jenkins did not take the node or tell its secret; try again later."""


class Registrar:
    """One controller, asked as one user."""

    def __init__(self, url: str, user: str, token: str) -> None:
        self._url = url
        credentials = base64.b64encode(f"{user}:{token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}"}

    def create(self, name: str, settings: Configuration) -> None:
        """Create the node, or find that it exists.

        Raises:
            RegistrationError: Jenkins refused.
            OSError: no answer.
        """
        answer = self._post("computer/doCreateItem", _form(name, settings))
        known = answer.status == BAD_REQUEST and "already exists" in answer.headers.get(
            "x-error", ""
        )
        if answer.status != FOUND and not known:
            raise RegistrationError(
                f"doCreateItem: {answer.status} {answer.headers.get('x-error')}"
            )

    def secret(self, name: str) -> str:
        """The secret that the node connects with.

        Raises:
            RegistrationError: no such node, or no right to connect it.
            OSError: no answer.
        """
        url = f"{self._url}computer/{quote(name)}/jenkins-agent.jnlp"
        answer = ask("GET", url, headers=self._headers)
        if answer.status != OK:
            raise RegistrationError(f"jenkins-agent.jnlp: {answer.status}")
        argument = ET.fromstring(answer.body).findtext(".//argument")  # noqa: S314 (our controller)
        if not argument:
            raise RegistrationError("jenkins-agent.jnlp holds no secret")
        return argument

    def download(self, path: str) -> bytes:
        """A file that the controller serves, such as `jnlpJars/agent.jar`.

        Raises:
            RegistrationError: it serves none there.
            OSError: no answer.
        """
        answer = ask("GET", self._url + path, headers=self._headers)
        if answer.status != OK:
            raise RegistrationError(f"{path}: {answer.status}")
        return answer.body

    def _post(self, path: str, form: dict[str, str]) -> Answer:
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        return ask("POST", self._url + path, headers=headers, body=urlencode(form).encode())


def _form(name: str, settings: Configuration) -> dict[str, str]:
    """The form of `doCreateItem` for an inbound agent over WebSocket."""
    kind = "hudson.slaves.DumbSlave"
    launcher = "hudson.slaves.JNLPLauncher"
    always = "hudson.slaves.RetentionStrategy$Always"
    node = {
        "name": name,
        "nodeDescription": "registered by the instance itself",
        "numExecutors": str(settings.executors),
        "remoteFS": settings.remote_directory,
        "labelString": settings.labels,
        "mode": "EXCLUSIVE" if settings.exclusive else "NORMAL",
        "type": kind,
        "launcher": {
            "stapler-class": launcher,
            "$class": launcher,
            "workDirSettings": {
                "disabled": False,
                "workDirPath": "",
                "internalDir": "remoting",
                "failIfWorkDirIsMissing": False,
            },
            "tunnel": "",
            "webSocket": True,
        },
        "retentionStrategy": {"stapler-class": always, "$class": always},
        "nodeProperties": {"stapler-class-bag": "true"},
    }
    return {"name": name, "type": kind, "json": json.dumps(node)}
