"""Brings a stand-in into the state that a recording assumes, and asks it what was asked then.

A scene is data: a sequence of steps, each the name of a method of `Stage` and its arguments.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from xml.sax.saxutils import escape

import requests

from tests.local.jenkins.behaviour_helpers import House
from tests.local.jenkins.conformance_compare import Answer
from tests.local.jenkins.conformance_recordings import NEW, Exchange, exchange
from workhorse.local.jenkins import running
from workhorse.local.jenkins.permissions import READ, User
from workhorse.local.jenkins.runs import Body, Run

Step = tuple[object, ...]
"""The name of a method, its arguments, and last perhaps a mapping of those given by name."""
Scene = tuple[Step, ...]

READER = User(name="ro", token="11" + "1" * 32, permissions=frozenset({READ}))
"""Who may look at the controller and at nothing else."""

_RECORDED_ROOT = re.compile(r"http://127\.0\.0\.1:\d+/")
_ELASTIC = "org.jenkinsci.plugins.elasticaxisplugin.ElasticAxis"


class Stage(House):
    """A house furnished as the recorded servers were."""

    def play(self, scene: Iterable[Step]) -> None:
        """Do every step."""
        for name, *rest in scene:
            named = rest.pop() if rest and isinstance(rest[-1], Mapping) else {}
            getattr(self, str(name))(*rest, **named)

    def ask_as_recorded(self, asked: Exchange) -> Answer:
        """Send a recorded request, with credentials and crumbs of this server."""
        self.http.cookies.clear()
        headers = {"Accept-Encoding": "identity", **asked.sent}
        auth = None
        match asked.auth:
            case "basic:token" if asked.name.startswith("perm-denied"):
                auth = (READER.name, READER.token)
            case "basic:token":
                auth = (self.standin.user, self.standin.token)
            case "basic:password":
                auth = (self.standin.user, self.standin.password)
        if "Authorization" in asked.sent:
            auth, _ = ("admin", "wrong"), headers.pop("Authorization")
        if set(asked.sent.get("Jenkins-Crumb", "")) == {"0"}:
            headers["Jenkins-Crumb"] = self._crumb(kept=not asked.name.endswith("nosession"))
        found = self.http.request(
            asked.method,
            self.standin.url + asked.path,
            data=asked.form,
            headers=headers,
            auth=auth,
            allow_redirects=False,
            timeout=20,
        )
        return _answer(found, self.standin.url)

    def _crumb(self, *, kept: bool) -> str:
        """A crumb of the administrator's; its session's cookie is kept for the next request."""
        auth = (self.standin.user, self.standin.password)
        found = self.http.get(f"{self.standin.url}crumbIssuer/api/json", auth=auth, timeout=20)
        if not kept:
            self.http.cookies.clear()
        return str(found.json()["crumb"])

    # --- Steps ----------------------------------------------------------------------------------

    def replay(self, name: str) -> None:
        """Send another recorded request, which must succeed."""
        version = self.standin.server.controller.world.profile.version
        answer = self.ask_as_recorded(exchange(version, name))
        assert answer.status < 400, (name, answer.status)

    def node(
        self, name: str, *, executors: int = 1, label: str = "", mode: str = "NORMAL"
    ) -> requests.Response:
        """Create a node by the recorded form with another name, size and label."""
        form = dict(exchange(NEW, "node-create").form or {})
        fields = json.loads(form["json"]) | {"name": name, "labelString": label, "mode": mode}
        fields["numExecutors"] = str(executors)
        return self.post("computer/doCreateItem", form | {"name": name, "json": json.dumps(fields)})

    def first_item(self, number: int) -> None:
        """The next queue item has this id."""
        self.standin.server.controller.world.next_item = number

    def first_build(self, job: str, number: int) -> None:
        """The next build of a job has this number."""
        self.standin.server.controller.world.jobs[job].next_number = number

    def suicide(self) -> None:
        """The recorded matrix over nodes."""
        document = exchange(NEW, "matrix-configxml").text
        self.do("createItem?name=suicide", document)

    def elastic(self, name: str, label: str) -> None:
        """A matrix over every node of a label."""
        axis = f"<{_ELASTIC}><name>label</name><label>{escape(label)}</label></{_ELASTIC}>"
        self.do(f"createItem?name={name}", f"<matrix-project><axes>{axis}</axes></matrix-project>")

    def quiet(self, name: str, seconds: int) -> None:
        """A freestyle job on linux with a quiet period of its own."""
        place = "<assignedNode>linux</assignedNode><canRoam>false</canRoam>"
        document = f"<project>{place}<quietPeriod>{seconds}</quietPeriod></project>"
        self.do(f"createItem?name={name}", document)

    def pinned_twice(self, name: str, *nodes: str) -> None:
        """Ask for a build with several values of its node parameter."""
        self.do(f"job/{name}/buildWithParameters?" + "&".join(f"NODE={node}" for node in nodes))

    def hold(self, node: str, *numbers: int) -> None:
        """Builds of the job `hold` keep executors of a node busy."""
        for number in numbers:
            self.first_build("hold", number)
            self.build("hold", NODE=node)
            self.advance(0.1)
            assert self.result("hold", number) is None

    def ran(self, job: str, *results: str, node: str = "") -> None:
        """A job was built, with these results one after the other; on a node that it asks for."""
        for result in results:
            self.build(job, **({"NODE": node} if node else {}))
            self.advance(0.1)
            self.end(job, result)

    def end(self, job: str, result: str) -> None:
        """The last build of a job ends, with all that it started."""
        run = self.standin.server.controller.world.jobs[job].last()
        assert run is not None
        while run.building:
            if result == "ABORTED":
                self.do(f"job/{job}/{run.number}/stop")
            assert self.standin.call(partial(self._report, run, result)) or not run.building
            self.advance(0.1)

    def end_child(self, job: str, *configurations: str) -> None:
        """Matrix children of the last build end well."""
        run = self.standin.server.controller.world.jobs[job].last()
        assert run is not None
        for child in [each for each in run.children if each.configuration in configurations]:
            assert self.standin.call(partial(self._report, child, "SUCCESS"))
        self.advance(0.1)

    def cancel(self, number: int) -> None:
        """Take an item out of the queue."""
        self.do(f"queue/cancelItem?id={number}")

    def outlive(self, job: str) -> None:
        """The body of a pipeline stays on its executor when the build is over."""
        world = self.standin.server.controller.world
        run = world.jobs[job].last()
        assert run is not None
        self.standin.call(lambda: running.end_run(world, run, "ABORTED"))

    def come(self, name: str) -> None:
        """The agent of a node that is there goes online."""
        self.standin.agent(name)

    def kill(self, name: str) -> None:
        """An agent dies with its work."""
        self.standin.kill_agent(name)

    def reader(self) -> None:
        """The account that may only look exists."""
        self.standin.add_user(READER)

    def restart(self) -> None:
        """The controller begins to boot."""
        self.standin.restart(hard=False)

    def _report(self, run: Run, result: str) -> bool:
        """Agents report what they have of a build as done; tells whether there was anything."""
        world, some = self.standin.server.controller.world, False
        for computer, executor in list(world.executing()):
            what = executor.executable
            owner = what.run if isinstance(what, Body) else what
            if computer.built_in or what is None or owner is None:
                continue
            if run in {owner, owner.parent}:
                running.finished(world, computer.name, what.execution, result)
                some = True
        return some


def recorded_answer(asked: Exchange) -> Answer:
    """What the real server answered."""
    roots = _RECORDED_ROOT.findall(f"{asked.headers.get('Location', '')} {asked.text}")
    root = roots[0] if roots else "http://127.0.0.1/"
    return Answer(root=root, status=asked.status, headers=asked.headers, text=asked.text)


def _answer(found: requests.Response, root: str) -> Answer:
    return Answer(root=root, status=found.status_code, headers=found.headers, text=found.text)
