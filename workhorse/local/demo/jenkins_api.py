"""What the demo itself asks of Jenkins: make jobs, queue builds, look, and count afterwards.

The same requests go to the stand-in and to a real Jenkins. This is the demo's own view, apart from
the controller's, so that its accounting never rests on what it accounts for.
"""

from typing import Any
from urllib.parse import quote

import requests

from workhorse.local.demo.processes import StageError

TIMEOUT_SECONDS = 20.0

QUEUE_TREE = "items[inQueueSince,task[name]]"
COMPUTER_TREE = "computer[displayName,offline,idle,assignedLabels[name]]"
BUILDS_TREE = "allBuilds[number,building,result,timestamp,duration,builtOn,queueId]"


class JenkinsApi:
    """One Jenkins, asked as one user; every method raises StageError when it refuses."""

    def __init__(self, url: str, user: str, token: str) -> None:
        self.url = url.rstrip("/") + "/"
        self._session = requests.Session()
        self._session.auth = (user, token)

    def version(self) -> str:
        """What it says it is; also shows that the credentials are good."""
        answer = self._ask("GET", "api/json", params={"tree": "quietingDown"})
        return answer.headers.get("X-Jenkins", "")

    def create_job(self, name: str, xml: str) -> None:
        """Create a job from its XML."""
        headers = {"Content-Type": "application/xml"}
        self._ask("POST", "createItem", params={"name": name}, data=xml.encode(), headers=headers)

    def delete_job(self, name: str) -> None:
        """Delete a job and its builds."""
        self._ask("POST", f"job/{quote(name)}/doDelete", good=(302,))

    def build(self, job: str, parameters: dict[str, str]) -> int:
        """Queue a build; gives the id of its queue item."""
        path = f"job/{quote(job)}/buildWithParameters"
        answer = self._ask("POST", path, data=parameters, good=(201,))
        return int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])

    def queue(self) -> list[dict[str, Any]]:
        """The items that wait, by `QUEUE_TREE`."""
        return self._list("queue/api/json", QUEUE_TREE, "items")

    def computers(self) -> list[dict[str, Any]]:
        """The computers, by `COMPUTER_TREE`, the controller's own first."""
        return self._list("computer/api/json", COMPUTER_TREE, "computer")

    def builds(self, job: str) -> list[dict[str, Any]]:
        """Every build of a job, by `BUILDS_TREE`."""
        return self._list(f"job/{quote(job)}/api/json", BUILDS_TREE, "allBuilds")

    def delete_node(self, name: str) -> None:
        """Delete a node; one that is absent already will do."""
        self._ask("POST", f"computer/{quote(name)}/doDelete", good=(302, 404))

    def accounting(self) -> list[dict[str, Any]]:
        """Every build as the stand-in remembers it; a real Jenkins has no such page."""
        found: Any = self._ask("GET", "_local/accounting").json()
        builds: list[dict[str, Any]] = found["builds"] if isinstance(found, dict) else found
        return builds

    def asked(self) -> dict[str, int]:
        """How often the stand-in was asked what; a real Jenkins has no such page."""
        found: dict[str, int] = self._ask("GET", "_local/requests").json()
        return found

    def comings(self) -> dict[str, float]:
        """When an agent of each name first connected to the stand-in."""
        found: dict[str, float] = self._ask("GET", "_local/comings").json()
        return found

    def _list(self, path: str, tree: str, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", path, params={"tree": tree}).json()[key]
        return found

    def _ask(
        self,
        method: str,
        path: str,
        *,
        good: tuple[int, ...] = (200,),
        **more: Any,  # noqa: ANN401 - handed on to requests as it is
    ) -> requests.Response:
        try:
            answer = self._session.request(
                method,
                self.url + path,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                **more,
            )
        except requests.RequestException as error:
            raise StageError(f"Jenkins: {method} {path}: {error}") from error
        if answer.status_code not in good:
            words = answer.headers.get("X-Error", "")
            raise StageError(f"Jenkins: {method} {path}: {answer.status_code} {words}".rstrip())
        return answer
