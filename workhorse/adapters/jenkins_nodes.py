"""Nodes as agents need them: made, and the secret that connects with them; many threads at once."""

import json
import re
from hashlib import sha256
from threading import local

import requests

from workhorse.adapters.jenkins_changes import has_node
from workhorse.adapters.jenkins_http import JenkinsHttp, require_redirect, text_of, told
from workhorse.adapters.jenkins_paths import node_path
from workhorse.core.agents import Connection
from workhorse.core.cordon import label_text
from workhorse.core.effects import CreateNode
from workhorse.core.errors import Missing, Unreadable

_SECRET = re.compile(r"<argument>([0-9a-f]{64})</argument>")

_TYPE = "hudson.slaves.DumbSlave"
_LAUNCHER = "hudson.slaves.JNLPLauncher"
_ALWAYS = "hudson.slaves.RetentionStrategy$Always"


class JenkinsNodes:
    """A `loops.agent_ports.Nodes`.

    Args:
        url: the root URL, context path included.
        user: whose token it is.
        secret: the API token; it needs Agent/Create and Agent/Connect.
    """

    def __init__(self, url: str, user: str, secret: str) -> None:
        self._account = (url, user, secret)
        self._threads = local()

    @property
    def _http(self) -> JenkinsHttp:
        """This thread's conversation: sessions of requests are not for several."""
        if not hasattr(self._threads, "http"):
            self._threads.http = JenkinsHttp(*self._account)
        http: JenkinsHttp = self._threads.http
        return http

    def create(self, wanted: CreateNode) -> None:
        """Make the node by the form that Jenkins' own page posts; one of that name is left alone.

        Raises:
            Surprise: Jenkins refuses, or something in front of it; the message says what was said.
            Unreadable: it does not answer, or not whether a refused node is there.
        """
        form = {"name": wanted.node, "type": _TYPE, "json": json.dumps(node_form(wanted))}
        answer = self._http.post("computer/doCreateItem", form)
        # Seen and not read from the refusal, whose words may be of any language.
        if answer.status_code == requests.codes.bad_request and has_node(self._http, wanted.node):
            return
        require_redirect(answer, "computer/")

    def secret(self, node: str) -> str:
        """The secret that the agent of that name connects with.

        Raises:
            Missing: there is no such node.
            Unreadable: Jenkins does not answer, or shows no secret.
        """
        path = f"{node_path(node)}jenkins-agent.jnlp"
        answer = self._http.get(path)
        if answer.status_code == requests.codes.not_found:
            raise Missing(f"Jenkins has no node {node!r}")
        found = _SECRET.search(text_of(answer))
        if found is None:
            # What it says instead is not repeated: it may hold a secret of another form.
            raise Unreadable(f"{path}: shows no secret")
        return found[1]

    def jar_digest(self) -> str:
        """The SHA-256 of agent.jar, in hex.

        Raises:
            Unreadable: Jenkins does not serve it.
        """
        answer = self._http.get("jnlpJars/agent.jar")
        if answer.status_code != requests.codes.ok:
            raise Unreadable(told(answer))
        return sha256(answer.content).hexdigest()


def node_form(wanted: CreateNode) -> dict[str, object]:
    """What Jenkins' page of a new node posts as its form's `json`."""
    return {
        "name": wanted.node,
        "nodeDescription": wanted.description,
        "numExecutors": str(wanted.executors),
        "remoteFS": wanted.directory,
        "labelString": label_text(wanted.labels),
        "mode": "EXCLUSIVE" if wanted.exclusive else "NORMAL",
        "type": _TYPE,
        "launcher": {
            "stapler-class": _LAUNCHER,
            "$class": _LAUNCHER,
            "workDirSettings": {
                "disabled": False,
                "workDirPath": "",
                "internalDir": "remoting",
                "failIfWorkDirIsMissing": False,
            },
            "tunnel": "",
            "webSocket": wanted.connection == Connection.WEBSOCKET,
        },
        "retentionStrategy": {"stapler-class": _ALWAYS, "$class": _ALWAYS},
        "nodeProperties": {"stapler-class-bag": "true"},
    }
