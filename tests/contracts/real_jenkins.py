"""The real Jenkins adapter, against the stand-in for either recorded core."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape

import requests

from tests.contracts.stages import RELEASE_JOB
from workhorse.adapters.jenkins import JenkinsController
from workhorse.core.node_config import read_text, write_text
from workhorse.local.jenkins.admin import Fault
from workhorse.local.jenkins.standin import JenkinsStandIn

HOUR = 3600
SETTLE_SECONDS = 11.0
"""A quiet period of 5 s, then two of the queue's own rounds."""

BOOT_SECONDS = 60.0
STRING = "hudson.model.StringParameterDefinition"
NODE = "org.jvnet.jenkins.plugins.nodelabelparameter.NodeParameterDefinition"
FREESTYLE = """<project>
  <properties>{properties}</properties>
  <canRoam>{roams}</canRoam>
  <assignedNode>{label}</assignedNode>
  <concurrentBuild>true</concurrentBuild>
  <builders><hudson.tasks.Shell><command>sleep {seconds}</command></hudson.tasks.Shell></builders>
</project>"""
PIPELINE = """<flow-definition plugin="workflow-job@1559">
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition" plugin="workflow-cps">
    <script>node('{label}') {{ sh 'sleep {seconds}' }}</script><sandbox>true</sandbox>
  </definition>
</flow-definition>"""
PARAMETERS = "".join(
    (
        "<hudson.model.ParametersDefinitionProperty><parameterDefinitions>",
        (
            f"<{NODE}><name>NODE</name><allowedSlaves><string>ALL (no restriction)</string>"
            "</allowedSlaves><triggerIfResult>multiSelectionDisallowed</triggerIfResult>"
            f"</{NODE}>"
        ),
        *(f"<{STRING}><name>{n}</name></{STRING}>" for n in ("GROUP", "HOOK", "INSTANCE")),
        "</parameterDefinitions></hudson.model.ParametersDefinitionProperty>",
    )
)


class ControllerOnStandIn:
    """`ControllerStage` by `JenkinsController`."""

    def __init__(self, standin: JenkinsStandIn) -> None:
        self._standin = standin
        self._numbers = itertools.count(1)
        self._session = requests.Session()
        self._session.auth = (standin.user, standin.token)
        self.now = standin.clock.now
        self.port = JenkinsController(standin.url, standin.user, standin.token, now=self.now)
        self._create_job(
            RELEASE_JOB,
            FREESTYLE.format(properties=PARAMETERS, roams="true", label="", seconds=5),
        )

    def add_agent(
        self, name: str, labels: frozenset[str], *, executors: int = 1, exclusive: bool = False
    ) -> None:
        """Create the node, and connect an agent."""
        form = {
            "name": name,
            "numExecutors": str(executors),
            "remoteFS": "/home/jenkins/agent",
            "labelString": " ".join(sorted(labels)),
            "mode": "EXCLUSIVE" if exclusive else "NORMAL",
            "type": "hudson.slaves.DumbSlave",
            "launcher": {"$class": "hudson.slaves.JNLPLauncher", "webSocket": True},
            "nodeProperties": {"stapler-class-bag": "true"},
        }
        kind = "hudson.slaves.DumbSlave"
        wish = {"name": name, "type": kind, "json": json.dumps(form)}
        self._post("computer/doCreateItem", data=wish, expect=302)
        self._standin.agent(name)

    def drop_agent(self, name: str) -> None:
        """Cut its connection."""
        self._standin.kill_agent(name)

    def submit(self, expression: str | None, *, pipeline: bool = False) -> None:
        """Create a job and build it."""
        name = f"job-{next(self._numbers)}"
        document = PIPELINE if pipeline else FREESTYLE
        roams = "true" if expression is None else "false"
        label = escape(expression or "")
        values = {"properties": "", "roams": roams, "label": label, "seconds": HOUR}
        self._create_job(name, document.format(**values))
        self._post(f"job/{name}/build", expect=201)
        self.settle()

    def settle(self) -> None:
        """Let time pass."""
        self._standin.advance(SETTLE_SECONDS)

    def attributes(self, node: str) -> tuple[frozenset[str], bool, int]:
        """From its config.xml."""
        config = self._config(node)
        labels = frozenset(read_text(config, "label").split())
        exclusive = read_text(config, "mode") == "EXCLUSIVE"
        return labels, exclusive, int(read_text(config, "numExecutors"))

    def set_labels(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """By its config.xml."""
        config = write_text(self._config(node), "label", " ".join(sorted(labels)))
        config = write_text(config, "mode", "EXCLUSIVE" if exclusive else "NORMAL")
        self._post(f"computer/{node}/config.xml", data=config.encode(), expect=200)

    def restart(self) -> None:
        """Restart cleanly."""
        self._standin.restart(hard=False)
        self._standin.advance(BOOT_SECONDS)

    def quiet_down(self) -> None:
        """Press the button."""
        self._post("quietDown", expect=302)

    def shut(self) -> None:
        """Answer 503 from now on, as a booting Jenkins does."""
        fault = Fault(path=re.compile(""), count=10**9, status=503)
        self._standin.call(lambda: self._standin.server.admin.faults.append(fault))

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _config(self, node: str) -> str:
        answer = self._session.get(f"{self._standin.url}computer/{node}/config.xml", timeout=10)
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def _create_job(self, name: str, document: str) -> None:
        headers = {"Content-Type": "application/xml"}
        body = document.encode()
        self._post(f"createItem?name={name}", data=body, headers=headers, expect=200)

    def _post(
        self,
        path: str,
        *,
        expect: int,
        data: bytes | dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        answer = self._session.post(
            f"{self._standin.url}{path}",
            data=data,
            headers=headers,
            timeout=10,
            allow_redirects=False,
        )
        assert answer.status_code == expect, (path, answer.status_code, dict(answer.headers))


@contextmanager
def stage_on(version: str) -> Iterator[ControllerOnStandIn]:
    """A stand-in for that core, behind a context path."""
    with JenkinsStandIn(version=version, prefix="/ci") as standin:
        stage = ControllerOnStandIn(standin)
        yield stage
        stage.close()


@contextmanager
def controller_stage() -> Iterator[ControllerOnStandIn]:
    """The stand-in for the oldest core that we know."""
    with stage_on("2.462.3") as stage:
        yield stage
