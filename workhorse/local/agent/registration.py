"""How a machine becomes a node by the Swarm plugin, with the API token of a Jenkins user.

https://plugins.jenkins.io/swarm/ : the client asks for a node, and is told its secret.
"""

import base64
from urllib.parse import urlencode

from workhorse.local.agent.http import ask
from workhorse.local.agent.metadata import Configuration
from workhorse.local.agent.place import Place, RegistrationError

OK, CONFLICT = 200, 409


class Swarm:
    """One Jenkins with the plugin, asked as the user that user data names."""

    def __init__(self, settings: Configuration, token: str, name: str) -> None:
        self._settings = settings
        self._name = name
        credentials = base64.b64encode(f"{settings.jenkins_user}:{token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def register(self) -> Place:
        """Create the node, in place of one that was there before.

        Raises:
            RegistrationError: Jenkins refused.
            OSError: no answer.
        """
        told = self._settings
        form = {
            "name": self._name,
            "description": "by the Swarm plugin",
            "executors": str(told.executors),
            "remoteFsRoot": told.directory,
            "labels": told.labels,
            "mode": "EXCLUSIVE" if told.exclusive else "NORMAL",
            "deleteExistingClients": "true",
            "keepDisconnectedClients": "true",
        }
        url = f"{told.jenkins_url}plugin/swarm/createSlave"
        answer = ask("POST", url, headers=self._headers, body=urlencode(form).encode())
        found = dict(line.split("=", 1) for line in answer.text.splitlines() if "=" in line)
        if answer.status != OK or "secret" not in found:
            raise RegistrationError(f"createSlave: {answer.status}", status=answer.status)
        return Place(
            name=found["name"],
            jenkins_url=told.jenkins_url,
            secret=found["secret"],
            directory=told.directory,
        )
