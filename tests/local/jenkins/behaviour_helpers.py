"""A house to try behaviours in: a stand-in, its administrator's requests and its agents.

Time stands still in it until `advance`; only processes of agents live in real time, and what
they do is awaited by `eventually`.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from xml.sax.saxutils import escape

import requests

from tests.patience import eventually
from workhorse.local.jenkins.agent_link import AgentLink, Start, connect
from workhorse.local.jenkins.permissions import User
from workhorse.local.jenkins.standin import JenkinsStandIn

OLD, NEW = "2.462.3", "2.541.2"
VERSIONS = (OLD, NEW)

BOOT = 8.0
"""Virtual seconds of a boot in the stand-in; it is measured as 6.5 to 9."""
BACK = 20.0
"""Virtual seconds after which a restarted controller has its agents and bodies back."""
TICK = 5.0
"""Virtual seconds between two maintenances of the queue."""

_SLOT = "idle,number,currentExecutable[number,url]"
_NODE_PARAMETER = "org.jvnet.jenkins.plugins.nodelabelparameter.NodeParameterDefinition"


def quoted(name: str) -> str:
    """A name in the curly quotes of Jenkins' messages."""
    return f"\N{LEFT SINGLE QUOTATION MARK}{name}\N{RIGHT SINGLE QUOTATION MARK}"


class LinkedAgent:
    """An agent over its WebSocket, in a thread that the house hangs up at its end."""

    def __init__(self, url: str, name: str, secret: str) -> None:
        self.link: AgentLink = connect(url, name, secret)
        self.started: dict[str, Start] = {}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def finish(self, execution: str, result: str = "SUCCESS") -> None:
        """Wait until an execution has come, then report it as done."""
        eventually(lambda: execution in self.started)
        self.link.done(execution, result)

    def close(self) -> None:
        """Hang up for good."""
        self.link.close()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        for message in self.link.messages():
            if isinstance(message, Start):
                self.started[message.id] = message


class House:
    """A stand-in with everything that a test says to it in short."""

    def __init__(self, standin: JenkinsStandIn, version: str) -> None:
        self.standin = standin
        self.old = version == OLD
        self.linked: list[LinkedAgent] = []
        self.http = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for agent in self.linked:
            agent.close()
        self.http.close()

    # --- Requests -------------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        data: dict[str, str] | str | None = None,
        *,
        user: User | None = None,
        **headers: str,
    ) -> requests.Response:
        """A request with the token of the administrator or of another user; XML where it is text.

        No redirect is followed, and no cookie is kept.
        """
        self.http.cookies.clear()
        if isinstance(data, str):
            headers = {"Content-Type": "application/xml"} | headers
        return self.http.request(
            method,
            self.standin.url + path,
            data=data,
            headers=self.standin.headers(user) | headers,
            allow_redirects=False,
            timeout=60,
        )

    def get(self, path: str, *, user: User | None = None) -> requests.Response:
        """A GET."""
        return self.ask("GET", path, user=user)

    def post(self, path: str, data: dict[str, str] | str | None = None) -> requests.Response:
        """A POST."""
        return self.ask("POST", path, data)

    def do(self, path: str, data: dict[str, str] | str | None = None) -> requests.Response:
        """A POST that must succeed."""
        answer = self.post(path, data)
        assert answer.status_code < 400, (path, answer.status_code, answer.headers.get("X-Error"))
        return answer

    def json(self, path: str, tree: str = "", *, user: User | None = None) -> Any:
        """The JSON of an object that must be there."""
        query = f"?tree={tree}" if tree else ""
        answer = self.get(f"{path}api/json{query}", user=user)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.json()

    def status(self, path: str) -> int:
        """The status of an object's JSON."""
        return self.get(f"{path}api/json").status_code

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.standin.advance(seconds)

    # --- Nodes and agents -----------------------------------------------------------------------

    def node(
        self, name: str, *, executors: int = 1, label: str = "", mode: str = "NORMAL"
    ) -> requests.Response:
        """Create a node by the form; no agent is connected yet."""
        form = {"name": name, "numExecutors": str(executors), "labelString": label, "mode": mode}
        form |= {"remoteFS": "/agent", "nodeDescription": f"node {name}"}
        data = {"name": name, "type": "hudson.slaves.DumbSlave", "json": json.dumps(form)}
        return self.post("computer/doCreateItem", data)

    def agent(
        self, name: str, *, executors: int = 1, label: str = "", mode: str = "NORMAL"
    ) -> None:
        """A node whose agent is online; its builds take their virtual seconds."""
        answer = self.node(name, executors=executors, label=label, mode=mode)
        assert answer.status_code == 302
        self.standin.agent(name)

    def linked_agent(self, name: str, *, executors: int = 1, label: str = "") -> LinkedAgent:
        """A node whose agent came by WebSocket; its builds end when the test says so."""
        assert self.node(name, executors=executors, label=label).status_code == 302
        return self.dial(name)

    def agent_with_a_body(self) -> LinkedAgent:
        """The linked agent `a`, label `linux`, on which a body of the pipeline `p` has begun."""
        agent = self.linked_agent("a", label="linux")
        self.pipeline("p", label="linux")
        self.build("p")
        self.advance(1)
        eventually(lambda: "p#1.0" in agent.started)
        return agent

    def dial(self, name: str) -> LinkedAgent:
        """An agent comes by WebSocket for a node that is there."""
        agent = LinkedAgent(self.standin.url, name, self.secret(name))
        self.linked.append(agent)
        eventually(lambda: not self.computer(name)["offline"])
        return agent

    def finish(self, agent: LinkedAgent, job: str, number: int) -> None:
        """An agent ends a freestyle build well, and the controller has heard of it."""
        agent.finish(f"{job}#{number}")
        eventually(lambda: self.result(job, number) == "SUCCESS")

    def secret(self, name: str) -> str:
        """What the agent of a node must show."""
        document = self.get(f"computer/{name}/jenkins-agent.jnlp").text
        return str(re.findall("<argument>(.*?)</argument>", document)[0])

    def computer(self, name: str) -> Any:
        """A computer's JSON with its executors."""
        return self.json(
            f"computer/{name}/",
            "*,offlineCause[description],assignedLabels[name],"
            f"executors[{_SLOT}],oneOffExecutors[{_SLOT}]",
        )

    def config(self, name: str) -> str:
        """A node's config.xml."""
        return self.get(f"computer/{name}/config.xml").text

    def change(self, name: str, **texts: str) -> requests.Response:
        """Post a node's config.xml back with some elements' text replaced."""
        document = self.config(name)
        for tag, text in texts.items():
            new = f"<{tag}>{text}</{tag}>"
            document, count = re.subn(rf"<{tag}>.*?</{tag}>|<{tag}/>", new, document)
            assert count == 1, (tag, document)
        return self.post(f"computer/{name}/config.xml", document)

    # --- Jobs and builds ------------------------------------------------------------------------

    def job(
        self,
        name: str,
        *,
        label: str = "",
        seconds: float = 60,
        pinned: bool = False,
        concurrent: bool = False,
    ) -> None:
        """A freestyle job that sleeps on a label; `pinned` gives it the node parameter NODE."""
        parameter = (
            "<properties><hudson.model.ParametersDefinitionProperty><parameterDefinitions>"
            f"<{_NODE_PARAMETER}><name>NODE</name></{_NODE_PARAMETER}></parameterDefinitions>"
            "</hudson.model.ParametersDefinitionProperty></properties>"
        )
        place = f"<assignedNode>{escape(label)}</assignedNode>" if label else ""
        shell = f"<hudson.tasks.Shell><command>sleep {seconds}</command></hudson.tasks.Shell>"
        document = (
            f"<project>{parameter if pinned else ''}{place}"
            f"<canRoam>{'false' if label else 'true'}</canRoam>"
            f"<concurrentBuild>{'true' if concurrent else 'false'}</concurrentBuild>"
            f"<builders>{shell}</builders></project>"
        )
        self.do(f"createItem?name={name}", document)

    def pipeline(self, name: str, *, label: str = "", seconds: float = 60) -> None:
        """A pipeline with one `node` block that sleeps."""
        script = f"node('{label}') {{ sh 'sleep {seconds}' }}"
        document = f"<flow-definition><definition><script>{script}</script></definition>"
        self.do(f"createItem?name={name}", f"{document}</flow-definition>")

    def matrix(self, name: str, *values: str, sequential: bool = False, seconds: int = 60) -> None:
        """A matrix over one label axis; each child sleeps on its label."""
        strings = "".join(f"<string>{value}</string>" for value in values)
        axis = "hudson.matrix.LabelAxis"
        document = (
            f"<matrix-project><axes><{axis}><name>label</name><values>{strings}</values></{axis}>"
            "</axes><executionStrategy>"
            f"<runSequentially>{str(sequential).lower()}</runSequentially></executionStrategy>"
            f"<builders><hudson.tasks.Shell><command>sleep {seconds}</command>"
            "</hudson.tasks.Shell></builders></matrix-project>"
        )
        self.do(f"createItem?name={name}", document)

    def build(self, name: str, *, delay: str = "0sec", **parameters: str) -> int:
        """Ask for a build, without a quiet period unless told; gives the item's id."""
        verb = "buildWithParameters" if parameters else "build"
        answer = self.do(f"job/{name}/{verb}", {"delay": delay, **parameters})
        return item_id(answer)

    def item(self, number: int) -> Any:
        """A queue item's JSON."""
        return self.json(f"queue/item/{number}/")

    def queue(self) -> list[Any]:
        """The queue's items."""
        found = self.json("queue/", "items[*,task[*]]")["items"]
        assert isinstance(found, list)
        return found

    def why(self, number: int) -> Any:
        """Why an item waits."""
        return self.item(number)["why"]

    def result(self, name: str, number: int = 1) -> Any:
        """A build's result; None while it runs."""
        return self.json(f"job/{name}/{number}/", "result")["result"]

    def builds(self, name: str) -> list[Any]:
        """A job's builds, newest first."""
        found = self.json(f"job/{name}/", "allBuilds[number,result,queueId,builtOn]")["allBuilds"]
        assert isinstance(found, list)
        return found


def item_id(answer: requests.Response) -> int:
    """The item that the Location of a trigger's answer names."""
    return int(re.findall(r"/queue/item/(\d+)/$", answer.headers["Location"])[0])


@contextmanager
def open_house(version: str, prefix: str = "") -> Iterator[House]:
    """A house with a stand-in of a version, empty of nodes and jobs."""
    with JenkinsStandIn(version=version, prefix=prefix) as standin, House(standin, version) as it:
        yield it
