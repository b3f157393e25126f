"""The past of a Jenkins: which requests are made, how often, and what their answers mean."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.adapters.answers import Answer, Answers, serving
from tests.local.jenkins.behaviour_helpers import TICK, VERSIONS, House, open_house
from workhorse.adapters import jenkins_history_wire as wire
from workhorse.adapters.jenkins_history import PAUSES, JenkinsHistory, Stopped
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.jenkins_paths import job_path
from workhorse.core.errors import Missing, Refusal, Unreadable

TOKEN = "11" + "0" * 32
RECORDED = Path(__file__).parents[1] / "recorded" / "jenkins"


class Clock:
    """Time that passes when somebody waits for it."""

    def __init__(self, *, stops_at: float = float("inf")) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self._stops_at = stops_at

    def now(self) -> float:
        """What everybody has waited so far."""
        return self.time

    def wait(self, seconds: float) -> bool:
        """At once; true from the time on at which it was told to stop."""
        if seconds:
            self.waits.append(seconds)
        self.time += seconds
        return self.time >= self._stops_at


@pytest.fixture
def answers() -> Iterator[Answers]:
    with serving() as made:
        yield made


def history_of(answers: Answers, clock: Clock | None = None, **how: Any) -> JenkinsHistory:
    http = JenkinsHttp(answers.url, "bot", TOKEN)
    return JenkinsHistory(http, clock or Clock(), **({"per_minute": 60.0} | how))


def told(**content: Any) -> Answer:
    return Answer(body=json.dumps({"_class": "x"} | content))


def build(number: int, **content: Any) -> dict[str, Any]:
    facts = {
        "_class": "hudson.model.FreeStyleBuild",
        "actions": [{}],
        "building": False,
        "builtOn": "a",
        "duration": 60_000,
        "number": number,
        "timestamp": number * 1_000_000,
    }
    return facts | content


METRICS = {
    "_class": "jenkins.metrics.impl.TimeInQueueAction",
    "buildableDurationMillis": 7_500,
    "executingTimeMillis": 60_000,
    "subTaskCount": 0,
}
EMPTY = told(computer=[])


def executed(*builds: dict[str, Any]) -> tuple[wire.PastBuild, ...]:
    return wire.page({"allBuilds": list(builds)}, "j", 100).builds


# --- Manners -------------------------------------------------------------------------------------


def test_requests_keep_their_distance(answers: Answers) -> None:
    answers.by_request["GET /computer/api/json"] = EMPTY
    clock = Clock()
    history = history_of(answers, clock, per_minute=30.0)
    for _ in range(3):
        history.labels()
    assert clock.waits == [2.0, 2.0]
    assert history.requests == 3


def test_time_spent_elsewhere_counts_towards_the_distance(answers: Answers) -> None:
    answers.by_request["GET /computer/api/json"] = EMPTY
    clock = Clock()
    history = history_of(answers, clock, per_minute=30.0)
    history.labels()
    clock.time += 1.5
    history.labels()
    clock.time += 60
    history.labels()
    clock.time -= 3600
    history.labels()
    assert clock.waits == [0.5, 2.0], "a clock that jumps back holds nobody up for an hour"


def test_a_controller_that_restarts_is_asked_again_and_later_each_time(answers: Answers) -> None:
    answers.by_request["GET /computer/api/json"] = [
        EMPTY,
        Answer(503, body="<html>Starting Jenkins</html>"),
        Answer(401),
        Answer(500),
        EMPTY,
    ]
    clock = Clock()
    history = history_of(answers, clock, per_minute=60_000.0)
    history.labels()
    assert history.labels() == {}
    assert [wait for wait in clock.waits if wait > 1] == [*PAUSES[:3]]


def test_a_server_may_say_itself_when_to_come_again(answers: Answers) -> None:
    answers.by_request["GET /computer/api/json"] = [
        Answer(429, {"Retry-After": "90"}),
        Answer(503, {"Retry-After": "999999"}),
        Answer(503, {"Retry-After": "Fri, 01 Jan 2027 00:00:00 GMT"}),
        EMPTY,
    ]
    clock = Clock()
    history_of(answers, clock, per_minute=60_000.0).labels()
    assert [wait for wait in clock.waits if wait > 1] == [90.0, 300.0, PAUSES[2]]


def test_a_controller_that_stays_away_is_given_up(answers: Answers) -> None:
    answers.by_request["GET /computer/api/json"] = Answer(503)
    with pytest.raises(Unreadable, match="503"):
        history_of(answers).labels()
    assert len(answers.asked) == len(PAUSES) + 1
    nobody = JenkinsHttp("http://127.0.0.1:1", "bot", TOKEN)
    said: list[str] = []
    with pytest.raises(Unreadable, match=r"127\.0\.0\.1:1"):
        JenkinsHistory(nobody, Clock(), per_minute=60, show=said.append).labels()
    assert [line.rpartition(": ")[2] for line in said] == [f"again in {p:.0f} s" for p in PAUSES]
    assert all(": [Errno 111] Connection refused: " in line for line in said)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_accepted_is_refused_at_once(answers: Answers, status: int) -> None:
    answers.by_request["GET /computer/api/json"] = Answer(status)
    with pytest.raises(Refusal, match=f"--user: .*{status}"):
        history_of(answers).labels()
    assert len(answers.asked) == 1


def test_being_told_to_stop_ends_a_wait(answers: Answers) -> None:
    answers.by_request["GET /computer/api/json"] = EMPTY
    history = history_of(answers, Clock(stops_at=1.0))
    history.labels()
    with pytest.raises(Stopped, match="the same command goes on"):
        history.labels()
    assert len(answers.asked) == 1


# --- Requests ------------------------------------------------------------------------------------


def test_builds_are_asked_for_by_ranges_and_tight_trees(answers: Answers) -> None:
    answers.by_request["GET /job/team/job/a%20b%23/api/json"] = told(allBuilds=[])
    history_of(answers).builds("team/a b#", 200)
    tree = unquote(answers.asked[0].query)
    assert tree.startswith("tree=allBuilds[number,timestamp,duration,building,builtOn,actions[")
    assert tree.endswith("{200,300}")


def test_a_job_that_is_gone_is_missing(answers: Answers) -> None:
    with pytest.raises(Missing, match="no job 'gone'"):
        history_of(answers).builds("gone", 0)


def test_jobs_are_found_in_folders_as_deep_as_asked_and_gone_folders_left_out(
    answers: Answers,
) -> None:
    job = {"_class": "hudson.model.FreeStyleProject", "lastBuild": {"timestamp": 5_000}}
    folder = {"_class": "com.cloudbees.hudson.plugins.folder.Folder", "jobs": []}
    answers.by_request |= {
        "GET /api/json": told(
            jobs=[
                {**folder, "name": "team"},
                {**job, "name": "top", "labelExpression": "linux||arm64"},
                {**folder, "name": "gone"},
            ]
        ),
        "GET /job/team/api/json": told(
            jobs=[
                {**folder, "name": "web", "jobs": [{"name": "x"}]},
                {**job, "name": "never", "lastBuild": None},
            ]
        ),
        "GET /job/team/job/web/api/json": told(jobs=[{**job, "name": "feature%2Fx"}]),
    }

    found = list(history_of(answers).jobs(depth=8))
    assert [(j.name, j.expression, j.built_at) for j in found] == [
        ("top", "linux||arm64", 5.0),
        ("team/never", None, None),
        ("team/web/feature%2Fx", None, 5.0),
    ]
    assert job_path("team/web/feature%2Fx") == "job/team/job/web/job/feature%252Fx/"
    shallow = [j.name for j in history_of(answers).jobs(depth=1)]
    assert shallow == ["top", "team/never"]
    assert [j.name for j in history_of(answers).jobs(depth=0)] == ["top"]


def test_a_url_without_a_jenkins_is_told(answers: Answers) -> None:
    with pytest.raises(Unreadable, match="there is no Jenkins at this URL"):
        list(history_of(answers).jobs(depth=1))
    with pytest.raises(Unreadable, match="404"):
        history_of(answers).labels()


# --- Meaning -------------------------------------------------------------------------------------


def test_a_build_that_ended_is_told_with_its_wait_where_that_is_known() -> None:
    (bare, measured) = executed(build(2), build(1, actions=[{}, METRICS]))
    assert bare == wire.PastBuild(
        key="2", started_at=2_000, seconds=60, waited_seconds=None, built_on="a"
    )
    assert (measured.waited_seconds, measured.seconds) == (7.5, 60)


def test_a_build_that_runs_is_left_out() -> None:
    assert executed(build(1, building=True), build(2, building=None)) == ()


def test_of_a_pipeline_the_time_of_its_bodies_counts_where_it_is_known() -> None:
    facts = {"_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "builtOn": None}
    with_two = {**METRICS, "executingTimeMillis": 90_000, "subTaskCount": 2}
    found = executed(
        build(1, **facts, actions=[with_two]),
        build(2, **facts, actions=[METRICS]),
        build(3, **facts),
    )
    assert [(each.key, each.seconds, each.built_on) for each in found] == [
        ("1", 90, None),
        ("3", 60, None),
    ]


def test_of_a_matrix_its_runs_count_and_not_those_of_older_builds() -> None:
    runs = [
        build(4, url="http://j/job/m/label=a/4/"),
        build(3, url="http://j/job/m/label=b/3/"),
        build(4, url="http://j/job/m/label=c/4/", building=True),
    ]
    (found,) = executed(build(4, _class="hudson.matrix.MatrixBuild", runs=runs))
    assert (found.key, found.started_at) == ("label=a/4", 4_000)


def test_a_page_says_whether_there_is_more() -> None:
    page = wire.page({"allBuilds": [build(2), build(1)]}, "j", 2)
    assert (page.more, page.oldest_at) == (True, 1_000)
    assert not wire.page({"allBuilds": [build(2)]}, "j", 2).more
    empty = wire.page({}, "j", 2)
    assert (empty.builds, empty.oldest_at, empty.more) == ((), None, False)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wire.page({"allBuilds": [{"number": 1}]}, "j", 2),
        lambda: wire.jobs({"jobs": [{}]}, ""),
        lambda: wire.labels({"computer": [{"displayName": "a"}]}),
    ],
)
def test_an_answer_of_another_shape_is_unreadable(call: Any) -> None:
    with pytest.raises(Unreadable, match="makes no sense"):
        call()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recorded_action_of_the_metrics_plugin_is_understood(version: str) -> None:
    recorded = json.loads((RECORDED / version / "api-depth2.json").read_text())
    text = json.dumps(recorded)
    assert "buildableDurationMillis" in text
    runs = list(_builds(json.loads(recorded["response"]["body"])))
    assert runs
    for run in runs:
        (action,) = [a for a in run["actions"] if "TimeInQueue" in a.get("_class", "")]
        (found,) = executed({**run, "building": False, "duration": 1})
        assert found.waited_seconds == action["buildableDurationMillis"] / 1000
        assert found.started_at == run["timestamp"] / 1000


def _builds(found: Any) -> Iterator[dict[str, Any]]:
    """Every freestyle build with its actions, anywhere in an answer."""
    if isinstance(found, dict):
        if found.get("_class", "").endswith("FreeStyleBuild") and found.get("actions"):
            yield found
        for value in found.values():
            yield from _builds(value)
    elif isinstance(found, list):
        for value in found:
            yield from _builds(value)


# --- The stand-in --------------------------------------------------------------------------------


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        yield opened


def test_the_past_of_the_stand_in_is_told_as_it_was(house: House) -> None:
    house.node("a", label="linux docker")
    house.job("free", label="linux", seconds=30)
    house.pipeline("pipe", label="docker", seconds=40)
    house.matrix("grid", "a", seconds=50)
    for name in ("free", "pipe", "grid"):
        house.build(name)
    house.advance(20)
    house.standin.agent("a")
    house.advance(300)
    house.build("free")
    house.advance(2 * TICK)

    standin = house.standin
    http = JenkinsHttp(standin.url, standin.user, standin.token)
    history = JenkinsHistory(http, Clock(), per_minute=60.0)
    assert history.labels() == {"a": frozenset({"linux", "docker"})}
    jobs = {job.name: job.expression for job in history.jobs(depth=2)}
    assert jobs == {"free": "linux", "pipe": None, "grid": None}
    (free,) = history.builds("free", 0).builds
    (pipe,) = history.builds("pipe", 0).builds
    (grid,) = history.builds("grid", 0).builds
    assert (free.key, free.seconds, free.built_on) == ("1", 30, "a")
    assert free.waited_seconds is not None
    assert free.waited_seconds >= 15
    assert (pipe.seconds, pipe.built_on) == (40, None)
    assert (grid.key, grid.seconds, grid.built_on) == ("label=a/1", 50, "a")
