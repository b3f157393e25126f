"""Behaviours of the remote API and its guards: E14 to E16, E19, E22, E23."""

from collections.abc import Iterator

import pytest
import requests

from tests.local.jenkins.behaviour_helpers import VERSIONS, House, open_house
from workhorse.local.jenkins.permissions import (
    JOB_BUILD,
    JOB_CANCEL,
    JOB_READ,
    MANAGE,
    READ,
    User,
)

READER = User(name="reader", token="11reader", permissions=frozenset({READ}))
HUGE = 72_000
"""Bytes of a themed page; 72 kB were measured on 2.462 and 86 kB on 2.541."""


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        opened.standin.add_user(READER)
        yield opened


# --- E14 -----------------------------------------------------------------------------------------


class Browser:
    """A session with cookies and the administrator's password."""

    def __init__(self, house: House) -> None:
        self.url = house.standin.url
        self.session = requests.Session()
        self.session.auth = (house.standin.user, house.standin.password)

    def crumb(self) -> str:
        """A crumb of this session."""
        found = self.session.get(f"{self.url}crumbIssuer/api/json", timeout=20).json()
        assert found["_class"] == "hudson.security.csrf.DefaultCrumbIssuer"
        assert found["crumbRequestField"] == "Jenkins-Crumb"
        return str(found["crumb"])

    def post(self, **headers: str) -> requests.Response:
        """A harmless POST."""
        return self.session.post(
            f"{self.url}cancelQuietDown", headers=headers, allow_redirects=False, timeout=20
        )


@pytest.fixture
def browsers(house: House) -> Iterator[tuple[Browser, Browser]]:
    pair = Browser(house), Browser(house)
    yield pair
    for each in pair:
        each.session.close()


def is_crumb_page(answer: requests.Response) -> bool:
    """The servlet container's page, not one of Jenkins'."""
    return (
        answer.status_code == 403
        and "No valid crumb was included in the request" in answer.text
        and answer.headers["Content-Type"] == "text/html;charset=iso-8859-1"
        and "X-Jenkins" not in answer.headers
    )


def test_e14_a_password_needs_the_crumb_of_its_session(
    browsers: tuple[Browser, Browser],
) -> None:
    """None, a wrong one and another session's give 403; the session's own works (1.4)."""
    mine, other = browsers
    crumb, foreign = mine.crumb(), other.crumb()
    assert crumb != foreign
    assert len(crumb) == 64

    assert is_crumb_page(mine.post())
    assert is_crumb_page(mine.post(**{"Jenkins-Crumb": "0" * 64}))
    assert is_crumb_page(mine.post(**{"Jenkins-Crumb": foreign}))
    assert mine.post(**{"Jenkins-Crumb": crumb}).status_code == 302
    mine.session.cookies.clear()
    assert is_crumb_page(mine.post(**{"Jenkins-Crumb": crumb}))


def test_e14_a_crumb_ends_with_the_controller(
    house: House, browsers: tuple[Browser, Browser]
) -> None:
    """Sessions do not outlive a restart (11.8)."""
    mine, _ = browsers
    crumb = mine.crumb()

    house.standin.restart(hard=False)
    house.advance(60)

    assert is_crumb_page(mine.post(**{"Jenkins-Crumb": crumb}))
    assert mine.post(**{"Jenkins-Crumb": mine.crumb()}).status_code == 302


def test_e14_a_token_needs_no_crumb(house: House) -> None:
    """Neither the first one nor one that was generated later (1.4)."""
    assert house.post("cancelQuietDown").status_code == 302

    answer = house.do(
        "user/admin/descriptorByName/jenkins.security.ApiTokenProperty/generateNewToken",
        {"newTokenName": "more"},
    ).json()
    assert answer["status"] == "ok"
    token = answer["data"]["tokenValue"]
    assert (len(token), token[:2]) == (34, "11")
    other = User(name=house.standin.user, token=token)
    assert house.ask("POST", "cancelQuietDown", user=other).status_code == 302


def test_e14_an_anonymous_post_lacks_a_crumb_before_anything_else(house: House) -> None:
    """The crumb is asked for before any permission; a GET is sent to the login page (1.3, 1.4)."""
    url = house.standin.url
    with requests.Session() as anonymous:
        posted = anonymous.post(f"{url}computer/doCreateItem", timeout=20)
        got = anonymous.get(f"{url}computer/api/json", timeout=20)

    assert is_crumb_page(posted)
    assert got.status_code == 403
    assert "/login?from=" in got.text
    assert "WWW-Authenticate" not in got.headers


def test_e14_a_wrong_secret_is_401(house: House) -> None:
    """Whatever is asked for (1.3)."""
    wrong = User(name=house.standin.user, token="11wrong")

    assert house.get("api/json", user=wrong).status_code == 401
    assert house.ask("POST", "cancelQuietDown", user=wrong).status_code == 401


# --- E15 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/jenkins"])
@pytest.mark.parametrize("version", VERSIONS)
def test_e15_redirects_are_below_the_context_path_and_empty(version: str, prefix: str) -> None:
    """A change answers 302 with a full URL, or with its path alone by Jetty 12 (1.1, 1.7)."""
    with open_house(version, prefix) as house:
        root = house.standin.url if house.old else f"{prefix}/"
        assert root.endswith(f"{prefix}/")
        for answer, place in (
            (house.node("a b"), "computer/"),
            (house.post("computer/a%20b/toggleOffline"), "computer/a%20b/"),
            (house.post("computer/a%20b/doDelete"), "computer/"),
            (house.post("quietDown"), ""),
        ):
            assert (answer.status_code, answer.content) == (302, b"")
            assert answer.headers["Location"] == root + place


def test_e15_refusals_say_why_in_a_header_with_blanks_for_quotes(house: House) -> None:
    """400 with `X-Error`, where the curly quotes have become blanks (1.6)."""
    house.node("agent-1")
    house.job("f-linux")

    for answer, words in (
        (house.node("agent-1"), "Agent called  agent-1  already exists"),
        (house.node("a/b"), "/  is an unsafe character"),
        (house.node(""), "Query parameter 'name' is required"),
        (
            house.post("createItem?name=f-linux", "<project/>"),
            "A job already exists with the name  f-linux ",
        ),
    ):
        assert answer.status_code == 400
        assert answer.headers["X-Error"].strip() == words.strip()
        assert len(answer.content) > HUGE


def test_e15_error_pages_are_huge(house: House) -> None:
    """Themed pages of 404 and 405 are over 72 kB; those of the container are small (1.5, 1.6)."""
    house.node("a")

    for path, status in (("computer/gone/", 404), ("computer/a/toggleOffline", 405)):
        answer = house.get(path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")
        assert len(answer.content) > HUGE
    assert len(house.post("computer/doCreateItem", {"name": "b"}).content) < 10_000
    missing = house.post("computer/doCreateItem", {"name": "b", "type": "hudson.slaves.DumbSlave"})
    assert missing.status_code == 400
    assert "This page expects a form submission" in missing.text
    assert len(missing.content) < 1000


def test_e15_what_is_no_post_is_refused_or_not_even_found(house: House) -> None:
    """405 where Jenkins asks for a POST, 404 where its action is none by another verb (1.5)."""
    for path, status in (
        ("computer/doCreateItem", 404),
        ("computer/createItem", 405),
        ("createItem", 405),
        ("quietDown", 405),
    ):
        assert house.get(path).status_code == status


def test_e15_a_job_is_made_of_xml_alone(house: House) -> None:
    """What is posted as any other kind is taken for the form of a page (9.1)."""
    for kind in ("text/plain", "application/atom+xml", "application/x-www-form-urlencoded"):
        answer = house.ask("POST", "createItem?name=j", "<project/>", **{"Content-Type": kind})
        assert (answer.status_code, answer.headers["X-Error"]) == (400, "No mode given")
    for number, kind in enumerate(("application/xml;charset=utf-8", "text/xml")):
        answer = house.ask(
            "POST", f"createItem?name=j{number}", "<project/>", **{"Content-Type": kind}
        )
        assert answer.status_code == 200


def test_e15_answers_name_core_and_session(house: House) -> None:
    """JSON bears the version, the boot's session and its type (1.2)."""
    headers = house.get("computer/api/json").headers

    assert headers["X-Jenkins"] in VERSIONS
    assert len(headers["X-Jenkins-Session"]) == 8
    assert headers["Content-Type"] == "application/json;charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "deny"


# --- E16 -----------------------------------------------------------------------------------------


def test_e16_who_may_not_read_jobs_sees_an_empty_queue(house: House) -> None:
    """No refusal tells it: items are left out, jobs are 404, executables null (15, 4.1)."""
    house.agent("a", label="linux")
    house.job("j", label="linux", concurrent=True)
    house.build("j")
    house.advance(1)
    item = house.build("j")
    house.advance(5)

    assert house.json("queue/", user=READER)["items"] == []
    assert house.get(f"queue/item/{item}/api/json", user=READER).status_code == 404
    assert house.get("job/j/api/json", user=READER).status_code == 404
    assert house.json("", "jobs[name]", user=READER)["jobs"] == []
    tree = "idle,executors[idle,currentExecutable[url]]"
    seen = house.json("computer/a/", tree, user=READER)
    assert not seen["idle"]
    assert seen["executors"] == [{"currentExecutable": None, "idle": False}]
    assert len(house.queue()) == 1


def test_e16_every_act_asks_for_its_permission(house: House) -> None:
    """403 names the permission; without Job/Read a job to act on is not even found (1.3, 15)."""
    house.node("a")
    house.job("j")

    for path, permission in (
        ("computer/a/config.xml", "hudson.model.Computer.Configure"),
        ("computer/a/doDelete", "hudson.model.Computer.Delete"),
        ("computer/a/toggleOffline", "hudson.model.Computer.Disconnect"),
        ("computer/doCreateItem", "hudson.model.Computer.Create"),
        ("quietDown", "hudson.model.Hudson.Manage"),
        ("scriptText", "hudson.model.Hudson.Administer"),
    ):
        answer = house.ask("POST", path, user=READER)
        assert answer.status_code == 403
        assert answer.headers["X-Required-Permission"] == permission
        assert answer.headers["X-You-Are-Authenticated-As"] == "reader"
    assert house.get("computer/a/config.xml", user=READER).status_code == 403
    assert house.ask("POST", "job/j/build", user=READER).status_code == 404
    assert house.json("computer/a/", user=READER)["monitorData"] == {}


def test_e16_builds_and_cancels_ask_for_theirs(house: House) -> None:
    """With Job/Read alone a build is 403 and a cancel 422 (4.9, 15)."""
    house.job("j", label="linux")
    item = house.build("j")
    looker = User(name="looker", token="11looker", permissions=frozenset({READ, JOB_READ}))
    worker = User(
        name="worker", token="11worker", permissions=looker.permissions | {JOB_BUILD, JOB_CANCEL}
    )
    manager = User(name="manager", token="11manager", permissions=frozenset({READ, MANAGE}))
    for user in (looker, worker, manager):
        house.standin.add_user(user)
    cancel = f"queue/cancelItem?id={item}"

    assert house.ask("POST", "job/j/build", user=looker).status_code == 403
    assert house.ask("POST", cancel, user=looker).status_code == 422
    assert house.ask("POST", "job/j/build", user=worker).status_code == 201
    assert house.ask("POST", cancel, user=worker).status_code == 204
    assert house.ask("POST", "quietDown", user=manager).status_code == 302


# --- E19 -----------------------------------------------------------------------------------------


def test_e19_depth_one_explodes_with_the_number_of_nodes(house: House) -> None:
    """Every node's labels list every node of theirs: the answer grows by its square (fact 10)."""
    sizes = {}
    for count in range(1, 41):
        house.node(f"node-{count:03}", label="linux docker pool large")
        if count in {20, 40}:
            sizes[count] = {
                query: len(house.get(f"computer/api/json{query}").content)
                for query in ("", "?depth=1", "?tree=computer[displayName,offline,idle]")
            }

    growth = {query: sizes[40][query] / sizes[20][query] for query in sizes[20]}
    assert growth["?depth=1"] > 3.3
    assert growth[""] < 2.1
    assert sizes[40]["?depth=1"] > 10 * sizes[40][""]
    assert sizes[40]["?tree=computer[displayName,offline,idle]"] < sizes[40][""] / 5


# --- E22 -----------------------------------------------------------------------------------------


def test_e22_a_broken_script_answers_200(house: House) -> None:
    """An exception is printed, so only what the script prints tells that it ran (10.1)."""
    answer = house.post("scriptText", {"script": "nosuch.thing()"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert answer.text.startswith("groovy.lang.MissingPropertyException")
    assert "\tat " in answer.text


def test_e22_no_script_is_an_empty_answer(house: House) -> None:
    """200 without a body; GET is 405, and only administrators may (10.1)."""
    answer = house.post("scriptText")

    assert (answer.status_code, answer.text) == (200, "")
    assert house.get("scriptText").status_code == 405
    assert house.ask("POST", "scriptText", {"script": "x"}, user=READER).status_code == 403
    assert house.post("scriptText", {"script": "print 'hello'"}).text.strip() == "hello"


def test_e22_a_script_needs_its_node_online(house: House) -> None:
    """On a node that is offline it is 404 (10.1)."""
    house.node("a")

    answer = house.post("computer/a/scriptText", {"script": "print 'x'"})

    assert answer.status_code == 404
    assert "Node is offline" in answer.text


# --- E23 -----------------------------------------------------------------------------------------


def test_e23_unknown_names_in_a_tree_are_ignored(house: House) -> None:
    """Silently, at any depth: a misspelt name is an absent key (2.4)."""
    house.node("a")

    seen = house.json("computer/", "nosuch,computer[displayNam,idle,executors[nosuch]]")
    assert set(seen) == {"_class", "computer"}
    assert {key for each in seen["computer"] for key in each} == {"_class", "idle", "executors"}
    assert house.json("queue/", "nosuch[deeper]") == {"_class": "hudson.model.Queue"}


@pytest.mark.parametrize(
    "tree", ["computer[", "computer[idle", "computer]", "computer[idle]]", "computer{a}"]
)
def test_e23_bad_syntax_in_a_tree_is_an_error_500(house: House, tree: str) -> None:
    """With a page of HTML (2.4)."""
    answer = house.get(f"computer/api/json?tree={tree}")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")


def test_e23_ranges_choose_elements_of_a_list(house: House) -> None:
    """From M on, before N, or only the N-th (2.4)."""
    for name in "abcd":
        house.node(name)
    everything = ["Built-In Node", *"abcd"]

    for window, expected in (
        ("{1,3}", everything[1:3]),
        ("{3,}", everything[3:]),
        ("{,2}", everything[:2]),
        ("{2}", everything[2:3]),
    ):
        found = house.json("computer/", f"computer[displayName]{window}")["computer"]
        assert [each["displayName"] for each in found] == expected
