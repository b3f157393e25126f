"""Nodes for agents, on the stand-in for either recorded core."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest

from tests.adapters.answers import Answer, serving
from workhorse.adapters.jenkins import JenkinsController
from workhorse.adapters.jenkins_nodes import JenkinsNodes, node_form
from workhorse.core.agents import Connection
from workhorse.core.effects import CreateNode
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.local.jenkins.permissions import AGENT_CONNECT, READ, User
from workhorse.local.jenkins.standin import JenkinsStandIn

WANTED = CreateNode(
    node="i-0123456789abcdef0",
    labels=frozenset({"linux", "big disk"}),
    executors=3,
    exclusive=True,
    directory="/home/jenkins/agent",
    connection=Connection.WEBSOCKET,
    description="workhorse: pool linux of 123456789012/eu-west-1 by gateway",
)
SECRET = "5e" * 32


@pytest.fixture(params=["2.462.3", "2.541.2"])
def standin(request: pytest.FixtureRequest) -> Iterator[JenkinsStandIn]:
    with JenkinsStandIn(version=request.param) as made:
        yield made


@pytest.fixture
def nodes(standin: JenkinsStandIn) -> JenkinsNodes:
    return JenkinsNodes(standin.url, standin.user, standin.token)


def read(standin: JenkinsStandIn) -> JenkinsController:
    """What Jenkins has."""
    return JenkinsController(
        standin.url, standin.user, standin.token, now=standin.clock.now, expect_jobs=False
    )


def test_a_node_is_made_as_told_and_has_its_secret(
    standin: JenkinsStandIn, nodes: JenkinsNodes
) -> None:
    nodes.create(WANTED)

    found = read(standin).read().nodes[WANTED.node]
    assert found.labels == WANTED.labels, "a label with a blank is one label"
    assert found.executors == 3
    assert found.owner is not None
    assert found.owner.pool == "linux"
    assert nodes.secret(WANTED.node) == standin.server.security.agent_secret(WANTED.node)


def test_a_node_of_that_name_is_left_as_it_is(standin: JenkinsStandIn, nodes: JenkinsNodes) -> None:
    nodes.create(WANTED)
    nodes.create(replace(WANTED, executors=9, labels=frozenset({"other"})))

    assert read(standin).read().nodes[WANTED.node].executors == 3


@pytest.mark.parametrize("there", [True, False])
def test_whether_a_refused_node_is_there_is_seen_and_not_read_from_words(*, there: bool) -> None:
    """Jenkins may be told to say everything in one language; nobody reads its words then."""
    words = "Ein Agent mit dem Namen  i-0  existiert bereits."
    named = {"nodes": [{"nodeName": "i-0"}] if there else []}
    with serving() as jenkins:
        jenkins.by_request |= {
            "POST /computer/doCreateItem": Answer(400, {"X-Error": words}),
            "GET /label/i-0/api/json": Answer(200, {}, json.dumps(named)),
        }
        nodes = JenkinsNodes(jenkins.url, "bot", "11" + "ab" * 16)
        if there:
            nodes.create(replace(WANTED, node="i-0"))
            return
        with pytest.raises(Surprise, match="400, Ein Agent"):
            nodes.create(replace(WANTED, node="i-0"))


def test_a_node_is_not_made_when_somebody_in_front_of_jenkins_sends_elsewhere() -> None:
    with serving() as jenkins:
        nodes = JenkinsNodes(jenkins.url, "bot", "11" + "ab" * 16)
        for where in ("http://ci.example.com/computer/", "/computer/", "."):
            answer = Answer(302, {"Location": where})
            jenkins.by_request["POST /computer/doCreateItem"] = answer
            nodes.create(WANTED)
        where = "https://ci.example.com/computer/doCreateItem"
        jenkins.by_request["POST /computer/doCreateItem"] = Answer(302, {"Location": where})
        with pytest.raises(Surprise, match=f"302, to {where}"):
            nodes.create(WANTED)


def test_a_secret_of_no_node_is_missing(nodes: JenkinsNodes) -> None:
    with pytest.raises(Missing):
        nodes.secret("i-00000000")


def test_a_token_without_the_permission_is_told_which_it_lacks(standin: JenkinsStandIn) -> None:
    user = User(name="bot", token="11" + "ab" * 16, permissions=frozenset({READ, AGENT_CONNECT}))
    standin.add_user(user)

    with pytest.raises(Surprise, match="403"):
        JenkinsNodes(standin.url, user.name, user.token).create(WANTED)
    assert read(standin).read().nodes == {}


def test_many_threads_make_their_nodes_beside_each_other(
    standin: JenkinsStandIn, nodes: JenkinsNodes
) -> None:
    names = [f"i-{number:017x}" for number in range(24)]

    def enter(name: str) -> str:
        nodes.create(replace(WANTED, node=name))
        return nodes.secret(name)

    with ThreadPoolExecutor(8) as threads:
        secrets = list(threads.map(enter, names))

    security = standin.server.security
    assert secrets == [security.agent_secret(name) for name in names]
    assert read(standin).read().nodes.keys() == set(names)


def test_the_digest_is_that_of_the_jar_that_jenkins_serves() -> None:
    with serving() as jenkins:
        jenkins.by_request["GET /jnlpJars/agent.jar"] = Answer(200, {}, b"a jar")
        nodes = JenkinsNodes(jenkins.url, "bot", "11" + "ab" * 16)

        assert nodes.jar_digest() == sha256(b"a jar").hexdigest()

        jenkins.by_request.clear()
        with pytest.raises(Unreadable):
            nodes.jar_digest()


@pytest.mark.parametrize("body", ["", "<html>log in</html>", "<argument>short</argument>"])
def test_an_answer_without_a_secret_is_unreadable_and_not_repeated(body: str) -> None:
    with serving() as jenkins:
        jenkins.by_request["GET /computer/a/jenkins-agent.jnlp"] = Answer(200, {}, body)

        with pytest.raises(Unreadable) as wrong:
            JenkinsNodes(jenkins.url, "bot", "11" + "ab" * 16).secret("a")
        assert not body or body not in str(wrong.value)


def test_a_tcp_agent_is_made_without_a_websocket() -> None:
    form = json.loads(json.dumps(node_form(replace(WANTED, connection=Connection.TCP))))

    assert form["launcher"]["webSocket"] is False
    assert node_form(WANTED)["mode"] == "EXCLUSIVE"
