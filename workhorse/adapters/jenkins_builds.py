"""Lost builds on Jenkins: read, marked, and queued again: a `loops.agent_ports.Builds`."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from workhorse.adapters import jenkins_builds_wire as wire
from workhorse.adapters.jenkins_changes import queue_build
from workhorse.adapters.jenkins_http import JenkinsHttp, json_of, require_redirect
from workhorse.adapters.jenkins_paths import job_path
from workhorse.core.errors import Missing
from workhorse.core.requeue import BuildRecord

_NOT_FOUND = requests.codes.not_found


class JenkinsBuilds:
    """Builds of the Jenkins behind `http`.

    Args:
        http: the conversation with it.
        user: whose token it is: runs that this user queued are ours.
    """

    def __init__(self, http: JenkinsHttp, user: str) -> None:
        self._http = http
        self._user = user

    def build(self, path: str) -> BuildRecord:
        """The build of that path, by two requests.

        Raises:
            Missing: Jenkins does not keep it, or the token may not read it.
            Unreadable: Jenkins does not answer, or not with sense.
        """
        build = self._asked(path, wire.BUILD_TREE)
        job = self._asked(path.rstrip("/").rpartition("/")[0] + "/", wire.JOB_TREE)
        return wire.record(path, build, job, self._user)

    def since(self, job: str, queue_id: int) -> Sequence[BuildRecord]:
        """Builds and queued items of the job whose queue id is higher, newest first.

        Raises:
            Missing: there is no such job.
            Unreadable: Jenkins does not answer, or not with sense.
        """
        queue = json_of(self._http.get("queue/api/json", wire.QUEUE_TREE))
        builds = self._asked(job_path(job), wire.BUILDS_TREE)
        return wire.newer(job, queue, builds, queue_id, self._user)

    def mark(self, path: str, text: str) -> None:
        """Add a line to the build's description; there already: changes nothing.

        Raises:
            Missing: Jenkins does not keep the build.
            Surprise: Jenkins refuses: the token needs Run/Update.
        """
        had = self._asked(path, "description").get("description") or ""
        if text in had.splitlines():
            return
        described = f"{had}\n{text}" if had else text
        answer = self._http.post(f"{path}submitDescription", {"description": described})
        if answer.status_code == _NOT_FOUND:
            raise Missing(f"Jenkins has no build {path}")
        require_redirect(answer, path)

    def queue(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue the job with exactly these parameters; with none, as one without parameters.

        Raises:
            Missing: there is no such job.
            Surprise: Jenkins refuses: the token needs Job/Build.
        """
        queue_build(self._http, job, parameters)

    def _asked(self, path: str, tree: str) -> Mapping[str, Any]:
        answer = self._http.get(f"{path}api/json", tree)
        if answer.status_code == _NOT_FOUND:
            raise Missing(f"Jenkins shows nothing at {path}")
        return json_of(answer)
