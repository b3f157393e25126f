"""The Jenkins controller: readings by three tight requests, changes by one write each.

How each call behaves, and which calls are never to be made, was measured on two real servers;
`adapters/jenkins_http.py` says which of python-jenkins' are among them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import requests

from workhorse.adapters import jenkins_wire as wire
from workhorse.adapters.jenkins_changes import edit_node, has_node
from workhorse.adapters.jenkins_http import (
    JenkinsHttp,
    json_of,
    require_queued,
    require_redirect,
    text_of,
    told,
)
from workhorse.adapters.jenkins_paths import job_path, node_path
from workhorse.core.cordon import cordoned, recalled, with_executors
from workhorse.core.errors import Refusal, Unreadable
from workhorse.core.model import Jenkins

_NOT_FOUND = requests.codes.not_found
_CLOSED = -1
"""`slaveAgentPort` of a Jenkins that listens on no TCP port for agents."""
_DENIED = (requests.codes.unauthorized, requests.codes.forbidden)


class JenkinsController:
    """A `loops.ports.Controller`.

    Args:
        url: the root URL, context path included.
        user: whose token it is.
        secret: the API token; a password works too, at the price of a crumb.
        now: seconds since the epoch.
        script_console: ask the script console for the labels that pipelines wait for.
        expect_jobs: a token that sees no job at all sees an empty queue too: it tells nothing.
    """

    def __init__(  # noqa: PLR0913 - who we are there and what we may expect, by name
        self,
        url: str,
        user: str,
        secret: str,
        *,
        now: Callable[[], float],
        script_console: bool = False,
        expect_jobs: bool = True,
    ) -> None:
        self._http = JenkinsHttp(url, user, secret)
        self._now = now
        self._script_console = script_console
        self._expect_jobs = expect_jobs

    def read(self) -> Jenkins:
        """The queue, then the nodes, then whether Jenkins is quieting down: 3 or 4 requests.

        Raises:
            Unreadable: no answer, no sense, words in another language than English, answers from
                before and after a restart, or a token that may not read jobs (any more).
        """
        read_at = self._now()
        queue = self._http.get("queue/api/json", wire.QUEUE_TREE)
        items = json_of(queue)
        labels = self._script_labels() if self._script_console else None
        computers = self._http.get("computer/api/json", wire.COMPUTER_TREE)
        shown = json_of(computers)
        if other := wire.other_language(shown):
            raise Unreadable(other)
        nodes = wire.nodes(shown)
        root = self._http.get("api/json", wire.ROOT_TREE)
        about = json_of(root)
        sessions = {a.headers.get("X-Jenkins-Session", "") for a in (queue, computers, root)}
        if "" in sessions:
            raise Unreadable("answers without the header X-Jenkins-Session: what took it away?")
        if len(sessions) != 1:
            raise Unreadable(f"Jenkins restarted while it was read: sessions {sorted(sessions)}")
        if self._expect_jobs and not wire.sees_jobs(about):
            raise Unreadable("the token sees no job: it needs Job/Read, or its queue looks empty")
        return Jenkins(
            read_at=read_at,
            session=sessions.pop(),
            nodes=nodes,
            queue=wire.queue_items(items, labels),
            quieting_down=wire.quieting_down(about),
        )

    def glance(self) -> frozenset[int]:
        """The ids of the queue's items: one small request."""
        return wire.item_ids(json_of(self._http.get("queue/api/json", wire.GLANCE_TREE)))

    def has_node(self, name: str) -> bool:
        """There is a node of that name, listed or not.

        Raises:
            Unreadable: no answer, or no sense.
        """
        return has_node(self._http, name)

    def cordon(self, node: str, label: str) -> None:
        """Lay the cordon by one write of config.xml; none where it lies already.

        Raises:
            Missing: there is no such node.
        """
        edit_node(self._http, node, lambda config: cordoned(config, label))

    def recall(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Give a cordoned node back what its description remembers, else what is passed.

        Raises:
            Missing: there is no such node.
        """
        edit_node(self._http, node, lambda config: recalled(config, labels, exclusive=exclusive))

    def queue_release_job(self, job: str, node: str, parameters: Mapping[str, str]) -> None:
        """Set the node to one executor, then queue `job` with NODE=`node` and the parameters.

        With one executor the job runs last; Jenkins folds it into an equal one that is queued.

        Raises:
            Missing: there is no such node.
            Surprise: there is no such job, or it cannot be built with parameters.
        """
        edit_node(self._http, node, lambda config: with_executors(config, 1))
        form = {**parameters, "NODE": node}
        require_queued(self._http.post(f"{job_path(job)}buildWithParameters", form))

    def delete_node(self, node: str) -> None:
        """Delete the node; done as well when there is none."""
        answer = self._http.post(f"{node_path(node)}doDelete")
        if answer.status_code != _NOT_FOUND:
            require_redirect(answer, "computer/")

    def verify(
        self,
        *,
        expect_jobs: bool = True,
        release_jobs: Iterable[str] = (),
        makes_nodes: bool = False,
        tcp_pools: Sequence[str] = (),
    ) -> str:
        """Check at the start that the token may do what is needed; the version of Jenkins.

        Args:
            expect_jobs: a token that sees no job is refused.
            release_jobs: names of the jobs that will be queued.
            makes_nodes: nodes are made with this token, and their secrets read.
            tcp_pools: names of the pools whose agents are to come by Jenkins' TCP port.

        Raises:
            Refusal: it may not; the message names the permission, or the setting to change.
            Unreadable: Jenkins does not answer.
        """
        tree = "quietingDown,slaveAgentPort,jobs[name]{0,1}"
        root = self._allowed(self._http.get("api/json", tree))
        answer = json_of(root)
        if "X-Jenkins" not in root.headers:
            raise Refusal(f"jenkins.url: {self._http.server}: answers, but is no Jenkins")
        if expect_jobs and not answer.get("jobs"):
            raise Refusal(
                f"jenkins.user: {self._http.server}: the token sees no job at all, so it would see "
                "an empty queue: it needs Job/Read; if there are no jobs yet, set "
                "jenkins.expect_jobs = false"
            )
        if tcp_pools and answer.get("slaveAgentPort") == _CLOSED:
            raise Refusal(
                f"pool[].agent.connection: 'tcp' ({', '.join(tcp_pools)}): this Jenkins has no TCP "
                "port for inbound agents: open it in its security settings, or take 'websocket'"
            )
        self._verify_nodes(makes_nodes=makes_nodes)
        if self._script_console:
            self._allowed(self._http.post("scriptText", {"script": "print 'workhorse'"}))
        for job in release_jobs:
            self._verify_job(job)
        return str(root.headers["X-Jenkins"])

    def _verify_nodes(self, *, makes_nodes: bool) -> None:
        """Some agent's config.xml may be read, which takes what writing it does."""
        if makes_nodes:
            # What the page of a new node asks while a name is typed; it takes Agent/Create.
            self._allowed(self._http.get("computer/checkName?value="))
        computers = self._http.get("computer/api/json", "displayName,computer[displayName]")
        answer = json_of(self._allowed(computers))
        if other := wire.other_language(answer):
            raise Refusal(f"jenkins.url: {self._http.server}: {other}")
        names = [
            c["displayName"] for c in answer.get("computer", ()) if "MasterC" not in c["_class"]
        ]
        for name in names[:1]:
            self._allowed(self._http.get(f"{node_path(name)}config.xml"))
            if makes_nodes:
                self._allowed(self._http.get(f"{node_path(name)}jenkins-agent.jnlp"))

    def _verify_job(self, job: str) -> None:
        tree = "buildable,property[parameterDefinitions[name,type]]"
        answer = self._http.get(f"{job_path(job)}api/json", tree)
        if answer.status_code == _NOT_FOUND:
            raise Refusal(f"pool[].release_job: {job!r}: must be a job that the token may read")
        found = json_of(self._allowed(answer))
        kinds = {
            definition.get("name"): definition.get("type")
            for entry in found.get("property") or ()
            for definition in entry.get("parameterDefinitions") or ()
        }
        if kinds.get("NODE") != "NodeParameterDefinition" or not found.get("buildable"):
            raise Refusal(
                f"pool[].release_job: {job!r}: must be enabled and have a Node parameter NODE "
                "(NodeLabel Parameter plugin)"
            )

    def _allowed(self, answer: requests.Response) -> requests.Response:
        """The answer; of a Jenkins that starts no refusal is believed, for it knows nobody yet."""
        if answer.status_code not in _DENIED:
            return answer
        if self._http.get("login").status_code == requests.codes.service_unavailable:
            raise Unreadable(f"{told(answer)}; it is still starting")
        raise Refusal(f"jenkins.user: {told(answer)}")

    def _script_labels(self) -> dict[int, str | None]:
        answer = self._http.post("scriptText", {"script": wire.QUEUE_LABELS_SCRIPT})
        return wire.script_labels(text_of(answer))
