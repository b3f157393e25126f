"""Where the jobs' texts are read and written: Jenkins, as whoever configures jobs there."""

from urllib.parse import quote

import requests

from workhorse.adapters.jenkins_http import JenkinsHttp, json_of, require, text_of, told
from workhorse.adapters.jenkins_paths import job_path
from workhorse.core.errors import Refusal

_NOT_FOUND = requests.codes.not_found
_DENIED = (requests.codes.unauthorized, requests.codes.forbidden)
_MANAGER_TREE = "plugins[shortName,active]"


class JobDesk:
    """The jobs of the Jenkins behind `http`.

    Every method raises Refusal where the token may not do it, the permission named, and Unreadable
    where no answer came.
    """

    def __init__(self, http: JenkinsHttp) -> None:
        self._http = http

    def text(self, job: str) -> str | None:
        """The job's config.xml; None where there is no such job.

        It takes Job/ExtendedRead or Job/Configure.
        """
        answer = self._allowed(self._http.get(f"{job_path(job)}config.xml"))
        return None if answer.status_code == _NOT_FOUND else text_of(answer)

    def create(self, job: str, text: str) -> None:
        """Make the job; it takes Job/Create.

        Raises:
            Refusal: a folder that it would be in is not there.
            Surprise: Jenkins refuses, as it does where a job of that name was made meanwhile.
        """
        folder, _, name = job.rpartition("/")
        path = f"{job_path(folder)}createItem?name={quote(name, safe='')}"
        answer = self._allowed(self._http.post(path, xml=text))
        if answer.status_code == _NOT_FOUND:
            raise Refusal(f"{job}: the folder {folder!r} must be there first")
        require(answer, requests.codes.ok)

    def change(self, job: str, text: str) -> None:
        """Replace the job's config.xml; it takes Job/Configure.

        Raises:
            Surprise: Jenkins refuses, as it does where the job is of another class.
        """
        answer = self._allowed(self._http.post(f"{job_path(job)}config.xml", xml=text))
        require(answer, requests.codes.ok)

    def plugins(self) -> frozenset[str] | None:
        """Short names of the active plugins; None to a token without Overall/Administer."""
        answer = self._http.get("pluginManager/api/json", _MANAGER_TREE)
        if answer.status_code in {*_DENIED, _NOT_FOUND}:
            return None
        plugins = json_of(answer).get("plugins") or ()
        return frozenset(str(each["shortName"]) for each in plugins if each.get("active"))

    def _allowed(self, answer: requests.Response) -> requests.Response:
        if answer.status_code in _DENIED:
            raise Refusal(f"jenkins.user: {told(answer)}")
        return answer
