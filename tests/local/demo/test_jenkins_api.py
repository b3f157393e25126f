"""The demo's own requests, which a real Jenkins gets too, against the stand-in of both versions."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from workhorse.local.agent.metadata import SWARM, Configuration
from workhorse.local.agent.registration import Swarm
from workhorse.local.demo.evidence import builds_of_jenkins
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.demo.jobs import ORDER, SECONDS, release_job, sleeping_job
from workhorse.local.demo.processes import StageError
from workhorse.local.demo.replay import Asked
from workhorse.local.jenkins.standin import JenkinsStandIn

SETTINGS = Configuration(
    way=SWARM, labels="linux", executors=2, directory="/agents", region="us-east-1"
)


@pytest.fixture(params=["2.462.3", "2.541.2"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stand_in(version: str) -> Iterator[JenkinsStandIn]:
    with JenkinsStandIn(version=version) as running:
        yield running


@pytest.fixture
def jenkins(stand_in: JenkinsStandIn) -> JenkinsApi:
    return JenkinsApi(stand_in.url, stand_in.user, stand_in.token)


def parameters(seconds: int, order: int) -> dict[str, str]:
    return {SECONDS: str(seconds), ORDER: str(order)}


def test_it_learns_the_version(jenkins: JenkinsApi, version: str) -> None:
    assert jenkins.version() == version


def test_builds_that_are_alike_are_not_folded_into_one(jenkins: JenkinsApi) -> None:
    jenkins.create_job("demo-linux", sleeping_job("linux"))
    items = {jenkins.build("demo-linux", parameters(60, order)) for order in range(3)}
    assert len(items) == 3
    assert [item["task"]["name"] for item in jenkins.queue()] == ["demo-linux"] * 3
    assert all(item["inQueueSince"] > 0 for item in jenkins.queue())


def test_a_build_is_accounted_for_by_the_queue_item_that_was_asked_for(
    jenkins: JenkinsApi, stand_in: JenkinsStandIn
) -> None:
    Swarm(
        replace(SETTINGS, jenkins_url=stand_in.url, jenkins_user=stand_in.user),
        stand_in.token,
        "i-0abc",
    ).register()
    stand_in.agent("i-0abc")
    jenkins.create_job("demo-any", sleeping_job("linux"))
    begun = stand_in.clock.now()
    item = jenkins.build("demo-any", parameters(60, 1))
    stand_in.advance(10)
    stand_in.advance(120)
    asked = (Asked(job="demo-any", item=item, at=begun),)
    (build,) = builds_of_jenkins("demo-any", jenkins.builds("demo-any"), asked)
    assert (build.node, build.result) == ("i-0abc", "SUCCESS")
    assert build.started is not None
    assert build.ended is not None
    assert build.ended - build.started == pytest.approx(60, abs=10)
    assert begun <= build.started <= begun + 10


def test_the_release_job_is_one_that_jenkins_takes(jenkins: JenkinsApi) -> None:
    jenkins.create_job("workhorse-release", release_job('complete --group "$GROUP" && true'))
    wanted = {"NODE": "i-1", "GROUP": "g", "HOOK": "h", "INSTANCE": "i-1"}
    assert jenkins.build("workhorse-release", wanted) > 0


def test_what_was_made_goes_again(jenkins: JenkinsApi) -> None:
    jenkins.create_job("demo-linux", sleeping_job("linux"))
    jenkins.delete_job("demo-linux")
    jenkins.delete_node("i-none")
    with pytest.raises(StageError, match="404"):
        jenkins.builds("demo-linux")


def test_a_wrong_token_is_told_at_the_first_request(stand_in: JenkinsStandIn) -> None:
    with pytest.raises(StageError, match="401"):
        JenkinsApi(stand_in.url, stand_in.user, "wrong").version()


def test_a_jenkins_that_does_not_answer_is_told_by_its_request() -> None:
    with pytest.raises(StageError, match="GET api/json"):
        JenkinsApi("http://127.0.0.1:9/", "a", "b").version()
