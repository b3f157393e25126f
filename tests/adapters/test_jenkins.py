"""The Jenkins adapter's manners on the wire, and what it makes of odd answers.

What the calls do to a Jenkins is the contract suite's matter.
"""

import gzip
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote

import pytest

from tests.adapters.answers import Answer, Answers, serving
from workhorse.adapters.jenkins import JenkinsController
from workhorse.core.errors import Missing, Refusal, Surprise, Unreadable

TOKEN = "11" + "0" * 32
SESSION = {"X-Jenkins": "2.541.2", "X-Jenkins-Session": "4f03da8b"}
CONFIG = "<slave><description>K\u00f6ln</description><label>a</label></slave>"
DELETED = Answer(302, {"Location": "/ci/computer/"})
HTML = "<html><body>86 kB of page</body></html>"
NODES = [
    {"_class": "hudson.model.Hudson$MasterComputer", "displayName": "Built-In Node"},
    {"_class": "hudson.slaves.SlaveComputer", "displayName": "i-1"},
]
RELEASE_JOB = {
    "buildable": True,
    "property": [
        {},
        {"parameterDefinitions": [{"name": "NODE", "type": "NodeParameterDefinition"}]},
    ],
}


def as_json(body: object, **headers: str) -> Answer:
    return Answer(200, SESSION | headers, json.dumps(body))


@pytest.fixture
def answers() -> Iterator[Answers]:
    with serving() as served:
        served.by_request |= {
            "GET /ci/queue/api/json": as_json({"items": []}),
            "GET /ci/computer/api/json": as_json({"computer": []}),
            "GET /ci/api/json": as_json({"quietingDown": False, "jobs": [{"name": "a"}]}),
        }
        yield served


@pytest.fixture
def jenkins(answers: Answers) -> JenkinsController:
    return JenkinsController(f"{answers.url}/ci", "bot", TOKEN, now=lambda: 5.0)


def test_a_reading_is_the_queue_then_the_nodes_then_the_root(
    answers: Answers, jenkins: JenkinsController
) -> None:
    found = jenkins.read()
    assert (found.read_at, found.session, found.quieting_down) == (5.0, "4f03da8b", False)
    paths = [asked.path for asked in answers.asked]
    assert paths == ["/ci/queue/api/json", "/ci/computer/api/json", "/ci/api/json"]


def test_every_request_is_tight_in_english_zipped_and_known_by_its_token(
    answers: Answers, jenkins: JenkinsController
) -> None:
    body = gzip.compress(json.dumps({"items": [{"id": 3}]}).encode())
    answers.by_request["GET /ci/queue/api/json"] = Answer(200, {"Content-Encoding": "gzip"}, body)
    assert jenkins.glance() == frozenset({3})
    (asked,) = answers.asked
    assert unquote(asked.query) == "tree=items[id]"
    assert asked.headers["accept-language"] == "en"
    assert asked.headers["accept-encoding"] == "gzip"
    assert asked.headers["authorization"].startswith("Basic ")


def test_no_depth_is_ever_asked_for(answers: Answers, jenkins: JenkinsController) -> None:
    jenkins.read()
    jenkins.verify()
    assert all(asked.query.startswith("tree=") for asked in answers.asked)


def test_answers_from_before_and_after_a_restart_are_no_reading(
    answers: Answers, jenkins: JenkinsController
) -> None:
    restarted = {"X-Jenkins-Session": "00000001"}
    answers.by_request["GET /ci/computer/api/json"] = as_json({"computer": []}, **restarted)
    with pytest.raises(Unreadable, match="restarted"):
        jenkins.read()


def test_words_in_another_language_are_no_reading_and_no_start(
    answers: Answers, jenkins: JenkinsController
) -> None:
    for calls_them, understood in (("nodes", True), ("Nodes", True), ("Knoten", False)):
        body = {"displayName": calls_them, "computer": []}
        answers.by_request["GET /ci/computer/api/json"] = as_json(body)
        if understood:
            assert (jenkins.read().session, jenkins.verify()) == ("4f03da8b", "2.541.2")
            continue
        with pytest.raises(Unreadable, match=r"not answer in English: it says .Knoten."):
            jenkins.read()
        with pytest.raises(Refusal, match=r"jenkins\.url.*not answer in English.*Locale"):
            jenkins.verify()


def test_answers_without_a_session_are_no_reading(
    answers: Answers, jenkins: JenkinsController
) -> None:
    for path in answers.by_request:
        answers.by_request[path] = Answer(200, {}, '{"items": [], "computer": []}')
    with pytest.raises(Unreadable, match="without the header X-Jenkins-Session"):
        jenkins.read()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(503, {}, HTML), "503"),
        (Answer(401, {}, HTML), "401, user or token not accepted"),
        (Answer(302, {"Location": "/login"}), "302, to /login"),
        (Answer(200, {"Content-Type": "text/html"}, HTML), "text/html, not JSON"),
        (Answer(200, {}, "[]"), "no object"),
        (
            Answer(403, {"X-Required-Permission": "hudson.model.Hudson.Read"}, HTML),
            "403, the user lacks hudson.model.Hudson.Read",
        ),
    ],
)
def test_an_odd_answer_is_unreadable_and_says_why_without_its_html(
    answers: Answers, jenkins: JenkinsController, answer: Answer, says: str
) -> None:
    answers.by_request["GET /ci/queue/api/json"] = answer
    with pytest.raises(Unreadable) as surprise:
        jenkins.glance()
    assert says in str(surprise.value)
    assert "86 kB" not in str(surprise.value)
    assert [asked.path for asked in answers.asked] == ["/ci/queue/api/json"], "never redirected"


def test_a_server_that_is_not_there_is_unreadable() -> None:
    with serving() as gone:
        url = gone.url
    jenkins = JenkinsController(url, "bot", TOKEN, now=lambda: 0.0)
    for call in (jenkins.read, jenkins.glance, lambda: jenkins.delete_node("i-1")):
        with pytest.raises(Unreadable):
            call()


def test_a_cordon_is_one_write_in_utf_8(answers: Answers, jenkins: JenkinsController) -> None:
    path = "/ci/computer/odd%20%2Fname/config.xml"
    answers.by_request[f"GET {path}"] = Answer(200, {"Content-Type": "application/xml"}, CONFIG)
    answers.by_request[f"POST {path}"] = Answer(200)
    jenkins.cordon("odd /name", "workhorse-drain.hook.i-1")
    read, written = answers.asked
    assert (read.method, written.method) == ("GET", "POST")
    assert "<label>workhorse-drain.hook.i-1</label>" in written.body.decode()
    assert "<description>K\u00f6ln [cordoned by workhorse" in written.body.decode()
    assert written.headers["content-type"] == "application/xml;charset=utf-8"
    answers.by_request[f"GET {path}"] = Answer(200, {}, written.body)
    jenkins.cordon("odd /name", "workhorse-drain.hook.i-1")
    assert [asked.method for asked in answers.asked] == ["GET", "POST", "GET"]


def test_a_write_without_the_permission_names_it(
    answers: Answers, jenkins: JenkinsController
) -> None:
    path = "/ci/computer/i-1/config.xml"
    headers = {
        "X-Required-Permission": "hudson.model.Computer.Configure",
        "X-You-Are-Authenticated-As": "bot",
    }
    answers.by_request[f"GET {path}"] = Answer(200, {}, CONFIG)
    answers.by_request[f"POST {path}"] = Answer(403, headers, HTML)
    with pytest.raises(Surprise, match=r"403, bot lacks hudson\.model\.Computer\.Configure"):
        jenkins.cordon("i-1", "workhorse-drain.hook.i-1")


def test_a_node_that_goes_between_read_and_write_is_missing(
    answers: Answers, jenkins: JenkinsController
) -> None:
    answers.by_request["GET /ci/computer/i-1/config.xml"] = Answer(200, {}, CONFIG)
    with pytest.raises(Missing, match="any more"):
        jenkins.cordon("i-1", "workhorse-drain.hook.i-1")


@pytest.mark.parametrize("status", [201, 303])
def test_a_release_job_goes_to_its_folder_with_one_executor_and_its_node(
    answers: Answers, jenkins: JenkinsController, status: int
) -> None:
    config = "/ci/computer/i-1/config.xml"
    build = "/ci/job/ops%20team/job/release/buildWithParameters"
    answers.by_request |= {
        f"GET {config}": Answer(200, {}, "<slave><numExecutors>4</numExecutors></slave>"),
        f"POST {config}": Answer(200),
        f"POST {build}": Answer(status, {"Location": "/ci/queue/item/3/"}),
    }
    jenkins.queue_release_job("ops team/release", "i-1", {"GROUP": "a&b", "HOOK": "h"})
    _, lowered, queued = answers.asked
    assert lowered.body == b"<slave><numExecutors>1</numExecutors></slave>"
    form = {"NODE": ["i-1"], "GROUP": ["a&b"], "HOOK": ["h"]}
    assert parse_qs(queued.body.decode()) == form


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (404, {}),
        (409, {}),
        (400, {"X-Error": "release is not parameterized"}),
        (302, {"Location": "/ci/job/release/"}),
        (303, {"Location": "https://login.example.com/?to=/ci/queue/item/3/"}),
    ],
)
def test_a_release_job_that_cannot_be_queued_is_a_surprise(
    answers: Answers, jenkins: JenkinsController, status: int, headers: dict[str, str]
) -> None:
    answers.by_request |= {
        "GET /ci/computer/i-1/config.xml": Answer(
            200, {}, "<slave><numExecutors>1</numExecutors></slave>"
        ),
        "POST /ci/job/release/buildWithParameters": Answer(status, headers, HTML),
    }
    with pytest.raises(Surprise, match=re.escape(headers.get("X-Error", str(status)))):
        jenkins.queue_release_job("release", "i-1", {})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(302, {"Location": "http://ci.example.com/ci/computer/"}),
        Answer(302, {"Location": "/ci/computer/"}),
        Answer(302, {"Location": ".."}),
        Answer(302),
        Answer(302, {"Location": "/ci/computer/i-1/.."}),
        Answer(302, {"Location": "http://ci.example.com/ci/computer/i-1/.."}),
        Answer(404),
    ],
)
def test_a_node_is_deleted_when_jenkins_says_so_or_knows_none(
    answers: Answers, jenkins: JenkinsController, answer: Answer
) -> None:
    answers.by_request["POST /ci/computer/i-1/doDelete"] = answer
    jenkins.delete_node("i-1")
    assert [asked.path for asked in answers.asked] == ["/ci/computer/i-1/doDelete"]


@pytest.mark.parametrize(
    "where",
    [
        "https://ci.example.com/ci/computer/i-1/doDelete",
        "https://login.example.com/start?rd=/ci/computer/",
        "/ci/login?from=%2Fci%2Fcomputer%2F",
        "/",
    ],
)
def test_a_node_is_not_deleted_when_somebody_in_front_of_jenkins_sends_elsewhere(
    answers: Answers, jenkins: JenkinsController, where: str
) -> None:
    answers.by_request["POST /ci/computer/i-1/doDelete"] = Answer(302, {"Location": where})
    with pytest.raises(Surprise, match=f"302, to {re.escape(where)}"):
        jenkins.delete_node("i-1")


def test_a_node_is_looked_for_by_the_label_of_its_name_in_one_small_request(
    answers: Answers, jenkins: JenkinsController
) -> None:
    answers.by_request["GET /ci/label/i-1/api/json"] = [
        Answer(body='{"nodes": [{"nodeName": "i-1"}]}'),
        Answer(body='{"nodes": []}'),
    ]
    assert [jenkins.has_node("i-1") for _ in range(2)] == [True, False]
    assert {asked.query for asked in answers.asked} == {"tree=nodes%5BnodeName%5D"}


def test_a_password_brings_a_crumb_and_a_new_one_after_a_restart(answers: Answers) -> None:
    crumb = {"crumb": "c0ffee", "crumbRequestField": "Jenkins-Crumb"}
    answers.by_request |= {
        "GET /ci/crumbIssuer/api/json": as_json(crumb),
        "POST /ci/computer/i-1/doDelete": [Answer(403), DELETED],
    }
    jenkins = JenkinsController(f"{answers.url}/ci/", "bot", "a password", now=lambda: 0.0)
    with pytest.raises(Surprise, match="403"):
        jenkins.delete_node("i-1")
    jenkins.delete_node("i-1")
    assert [asked.path.rsplit("/", 1)[-1] for asked in answers.asked] == [
        *("json", "doDelete", "json", "doDelete")
    ]
    assert answers.asked[-1].headers["jenkins-crumb"] == "c0ffee"


def test_a_token_needs_no_crumb(answers: Answers, jenkins: JenkinsController) -> None:
    answers.by_request["POST /ci/computer/i-1/doDelete"] = DELETED
    jenkins.delete_node("i-1")
    assert "jenkins-crumb" not in answers.asked[0].headers


def test_the_start_tells_the_version_when_all_is_allowed(
    answers: Answers, jenkins: JenkinsController
) -> None:
    answers.by_request |= {
        "GET /ci/computer/api/json": as_json({"computer": NODES}),
        "GET /ci/computer/i-1/config.xml": Answer(200, {}, CONFIG),
        "GET /ci/job/release/api/json": as_json(RELEASE_JOB),
    }
    assert jenkins.verify(release_jobs=["release"]) == "2.541.2"


def test_a_token_that_sees_no_job_is_refused_for_it_sees_an_empty_queue(
    answers: Answers, jenkins: JenkinsController
) -> None:
    answers.by_request["GET /ci/api/json"] = as_json({"quietingDown": False, "jobs": []})
    with pytest.raises(Refusal, match=r"sees no job at all.*Job/Read.*expect_jobs = false"):
        jenkins.verify()
    assert jenkins.verify(expect_jobs=False) == "2.541.2"


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_a_starting_jenkins_does_not_know_yet_is_not_refused(
    answers: Answers, jenkins: JenkinsController, status: int
) -> None:
    """2.541.2 was seen to answer 401 and 503 in turns for half a second before it was there."""
    answers.by_request["GET /ci/api/json"] = Answer(status)
    answers.by_request["GET /ci/login"] = [Answer(503, {}, HTML), Answer(200, {}, HTML)]
    with pytest.raises(Unreadable, match=f"api/json.*: {status}.*still starting"):
        jenkins.verify()
    with pytest.raises(Refusal, match=str(status)):
        jenkins.verify()


def test_agents_by_tcp_need_a_jenkins_with_that_port(
    answers: Answers, jenkins: JenkinsController
) -> None:
    for port in (-1, 0, 50_000):
        root = {"quietingDown": False, "jobs": [{}], "slaveAgentPort": port}
        answers.by_request["GET /ci/api/json"] = as_json(root)
        assert jenkins.verify() == "2.541.2"
        if port >= 0:
            assert jenkins.verify(tcp_pools=["linux"]) == "2.541.2"
            continue
        with pytest.raises(Refusal, match=r"agent\.connection: 'tcp' \(linux, mac\).*no TCP port"):
            jenkins.verify(tcp_pools=["linux", "mac"])


@pytest.mark.parametrize(
    ("request_", "answer", "says"),
    [
        ("GET /ci/api/json", Answer(401), "token not accepted"),
        ("GET /ci/api/json", Answer(403), "403"),
        ("GET /ci/api/json", Answer(200, {}, '{"jobs": [{}]}'), "is no Jenkins"),
        (
            "GET /ci/computer/i-1/config.xml",
            Answer(403, {"X-Required-Permission": "hudson.model.Computer.Configure"}),
            r"lacks hudson\.model\.Computer\.Configure",
        ),
        ("GET /ci/job/release/api/json", Answer(404), "must be a job that the token may read"),
        (
            "GET /ci/job/release/api/json",
            Answer(200, {}, '{"buildable": true, "property": []}'),
            "must be enabled and have a Node parameter NODE",
        ),
    ],
)
def test_what_the_token_lacks_is_refused_by_name(
    answers: Answers, jenkins: JenkinsController, request_: str, answer: Answer, says: str
) -> None:
    answers.by_request |= {
        "GET /ci/computer/api/json": as_json({"computer": NODES}),
        "GET /ci/computer/i-1/config.xml": Answer(200, {}, CONFIG),
        "GET /ci/job/release/api/json": as_json(RELEASE_JOB),
        request_: answer,
    }
    with pytest.raises(Refusal, match=says):
        jenkins.verify(release_jobs=["release"])


def test_the_script_console_is_asked_only_when_settings_say_so(answers: Answers) -> None:
    placeholder = {
        "_class": "hudson.model.Queue$BuildableItem",
        "id": 7,
        "inQueueSince": 0,
        "task": {"_class": "x.ExecutorStepExecution$PlaceholderTask", "name": "part of j #1"},
    }
    answers.by_request |= {
        "GET /ci/queue/api/json": as_json({"items": [placeholder]}),
        "POST /ci/scriptText": [
            Answer(200, {}, 'workhorse:queue-labels v1 {"7":"gpu"}\n'),
            Answer(200, {}, "groovy.lang.MissingPropertyException: no"),
            Answer(403, {"X-Required-Permission": "hudson.model.Hudson.Administer"}),
        ],
    }
    jenkins = JenkinsController(
        f"{answers.url}/ci", "bot", TOKEN, now=lambda: 0.0, script_console=True
    )
    assert [item.expression for item in jenkins.read().queue] == ["gpu"]
    assert len(answers.asked) == 4
    with pytest.raises(Unreadable, match="MissingPropertyException"):
        jenkins.read()
    with pytest.raises(Refusal, match="Administer"):
        jenkins.verify()
