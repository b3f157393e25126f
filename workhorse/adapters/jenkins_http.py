"""One conversation with Jenkins over HTTP, on python-jenkins' session.

python-jenkins brings the session, the authentication and the crumb.
Most of its calls are not for us, and these two kinds least of all: `disable_node` and `enable_node`
*toggle*, and its `depth` arguments reach answers of hundreds of megabytes.
The others follow redirects into pages of 70 kB, put whole HTML pages into their messages, and guess
the encoding of config.xml.
So every request here is our own: tight, in English, never redirected, HTML never read.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import jenkins
import requests
from requests.auth import HTTPBasicAuth

from workhorse.core.errors import Surprise, Unreadable

TIMEOUT_SECONDS = (5.0, 20.0)
"""To connect, and between two pieces of an answer: a reading that took longer would be stale."""

_TOKEN = re.compile(r"(11)?[0-9a-f]{32}")
"""An API token, of today's form or from before Jenkins 2.129; requests with one need no crumb."""

_ITEM = re.compile(r"/queue/item/\d+/\Z")


class JenkinsHttp(jenkins.Jenkins):  # type: ignore[misc] # python-jenkins ships no types
    """GET and POST below Jenkins' root URL, context path included.

    Every method raises `Unreadable` where no answer came.
    """

    def __init__(self, url: str, user: str, secret: str) -> None:
        super().__init__(url, user, secret, timeout=TIMEOUT_SECONDS)
        self._auth_resolved = True
        self._session.auth = HTTPBasicAuth(user.encode(), secret.encode())
        self._session.headers["Accept-Language"] = "en"
        self._session.headers["Accept-Encoding"] = "gzip"
        self._needs_crumb = _TOKEN.fullmatch(secret) is None

    def get(self, path: str, tree: str = "") -> requests.Response:
        """GET a path; `tree` is the remote API's."""
        query = f"?tree={quote(tree, safe='[],{}')}" if tree else ""
        return self._send(requests.Request("GET", f"{self.server}{path}{query}"))

    def post(
        self, path: str, form: Mapping[str, str] | None = None, *, xml: str | None = None
    ) -> requests.Response:
        """POST a form, or a document of XML."""
        kind = "application/x-www-form-urlencoded" if xml is None else "application/xml"
        body = urlencode(form or {}) if xml is None else xml
        headers = {"Content-Type": f"{kind};charset=utf-8"}
        request = requests.Request(
            "POST", f"{self.server}{path}", data=body.encode(), headers=headers
        )
        if self._needs_crumb:
            self._add_crumb(request)
        answer = self._send(request)
        if answer.status_code == requests.codes.forbidden:
            # Perhaps of a session from before a restart; the next request asks for a new one.
            self.crumb = None
        return answer

    def _add_crumb(self, request: requests.Request) -> None:
        try:
            self.maybe_add_crumb(request)
        except (jenkins.JenkinsException, requests.RequestException, ValueError) as wrong:
            reason = str(wrong).partition("\n")[0]
            raise Unreadable(f"Jenkins gave no crumb: {reason}") from wrong

    def _send(self, request: requests.Request) -> requests.Response:
        prepared = self._session.prepare_request(request)
        settings = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
        try:
            answer: requests.Response = self._session.send(
                prepared, timeout=TIMEOUT_SECONDS, allow_redirects=False, **settings
            )
        except (requests.RequestException, OSError) as wrong:
            raise Unreadable(f"{request.method} {request.url}: {_innermost(wrong)}") from wrong
        return answer


def _innermost(wrong: BaseException) -> BaseException:
    """What the network said: each of the layers that pass it on tells the URL anew."""
    passed_on = wrong.args[0] if wrong.args else None
    inner = passed_on if isinstance(passed_on, BaseException) else wrong
    while inner.__cause__ is not None:
        inner = inner.__cause__
    return inner


def json_of(answer: requests.Response) -> Mapping[str, Any]:
    """The JSON object in an answer of 200.

    Raises:
        Unreadable: it is something else, and the message says what Jenkins said.
    """
    if answer.status_code != requests.codes.ok:
        raise Unreadable(told(answer))
    try:
        found = json.loads(answer.content)
    except ValueError as wrong:
        kind = answer.headers.get("Content-Type", "nothing named")
        raise Unreadable(f"{answer.url}: 200 with {kind}, not JSON: is it Jenkins?") from wrong
    if not isinstance(found, dict):
        raise Unreadable(f"{answer.url}: JSON, but no object")
    return found


def text_of(answer: requests.Response) -> str:
    """The UTF-8 text in an answer of 200.

    Raises:
        Unreadable: it is something else.
    """
    if answer.status_code != requests.codes.ok:
        raise Unreadable(told(answer))
    try:
        return answer.content.decode()
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"{answer.url}: not UTF-8: {wrong}") from wrong


def require(answer: requests.Response, *statuses: int) -> None:
    """Check that a request to change something was answered with one of these.

    Raises:
        Surprise: it was not; the message says what Jenkins said.
    """
    if answer.status_code not in statuses:
        raise Surprise(told(answer))


def require_redirect(answer: requests.Response, place: str) -> None:
    """Check that a change was answered as Jenkins answers one that it made: by 302 to a page of it.

    What stands in front of Jenkins says 302 as well, to its login page or to https, and then
    nothing was changed. Jetty 12, from Jenkins 2.475 on, tells the page without scheme and host.

    Args:
        answer: to the request.
        place: path of the page below Jenkins' root, with a slash at its end.

    Raises:
        Surprise: it was not; the message says what was said.
    """
    require(answer, requests.codes.found)
    if "Location" in answer.headers and not _target(answer).endswith(f"/{unquote(place)}"):
        raise Surprise(told(answer))


def require_queued(answer: requests.Response) -> None:
    """Check that a request for a build was answered with the queue's item.

    It is a new one, 201, or the equal one that was queued already: 303 to its page.

    Raises:
        Surprise: it was not; the message says what was said.
    """
    known = answer.status_code == requests.codes.see_other and _ITEM.search(_target(answer))
    if not known:
        require(answer, requests.codes.created)


def _target(answer: requests.Response) -> str:
    """The path of the page that an answer names; Jenkins' own way there may go by `..`."""
    named = urlsplit(answer.headers.get("Location", "")).path
    return unquote(urlsplit(urljoin(answer.url, named)).path)


def told(answer: requests.Response) -> str:
    """What an answer says, from its status and headers; its HTML is not for programs."""
    method = answer.request.method
    words = [f"{method} {answer.url}: {answer.status_code}"]
    if answer.status_code == requests.codes.unauthorized:
        words.append("user or token not accepted")
    if "X-Required-Permission" in answer.headers:
        who = answer.headers.get("X-You-Are-Authenticated-As", "the user")
        words.append(f"{who} lacks {answer.headers['X-Required-Permission']}")
    if "X-Error" in answer.headers:
        words.append(answer.headers["X-Error"])
    if "Location" in answer.headers:
        words.append(f"to {answer.headers['Location']}")
    return ", ".join(words)
