"""`workhorse jobs`, against the stand-in."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydantic import ValidationError

from scripts.sources import ROOT
from workhorse.__main__ import main
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.job_desk import JobDesk
from workhorse.commands.jobs import missing_jobs
from workhorse.core.jobs import JobsPolicy
from workhorse.local.jenkins.permissions import JOB_CONFIGURE, JOB_CREATE, JOB_READ, READ, User
from workhorse.local.jenkins.plugins import ALL, FOLDER
from workhorse.local.jenkins.standin import JenkinsStandIn
from workhorse.settings import load
from workhorse.settings.jobs import JobsSettings

PAGE = ROOT / "docs/jobs.md"
RELEASE = "workhorse-release"
REPLACE = "workhorse-replace"
SETTINGS = """
[jenkins]
url = "{url}"
user = "{user}"
token_file = "{folder}/token"
[aws]
region = "eu-west-1"
[journal]
path = "journal.jsonl"
[[pool]]
name = "linux"
group = "linux"
labels = ["linux"]
ceiling = 3
release = "job"
release_job = "{release}"
[[pool]]
name = "plain"
group = "plain"
labels = ["plain"]
ceiling = 3
"""


class Place:
    """A Jenkins, the settings of two pools, and what the command said."""

    def __init__(
        self, standin: JenkinsStandIn, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.standin = standin
        self.world = standin.server.controller.world
        self.desk = JobDesk(JenkinsHttp(standin.url, standin.user, standin.token))
        self._folder = folder
        self._capsys = capsys
        self.configure()

    def configure(self, *, release: str = RELEASE, user: str = "", token: str = "") -> Path:
        """Write the settings."""
        path = self._folder / "workhorse.toml"
        (self._folder / "token").write_text(token or self.standin.token)
        names = {"url": self.standin.url, "user": user or self.standin.user}
        path.write_text(SETTINGS.format(**names, folder=self._folder, release=release))
        return path

    def let_in(self, name: str, *permissions: str) -> None:
        """The settings are of a user who may do no more than that."""
        user = User(name=name, token="11" + "2" * 32, permissions=frozenset(permissions))
        self.standin.add_user(user)
        self.configure(user=user.name, token=user.token)

    def run(self, *options: str) -> tuple[int, str]:
        """The exit status, and all that was said."""
        status = main(["jobs", "--config", str(self._folder / "workhorse.toml"), *options])
        told = self._capsys.readouterr()
        return status, told.out + told.err

    def post(self, path: str, text: str) -> None:
        """Somebody does something to Jenkins."""
        headers = self.standin.headers() | {"Content-Type": "application/xml"}
        url = f"{self.standin.url}{path}"
        answer = requests.post(url, data=text.encode(), headers=headers, timeout=10)
        assert answer.status_code == 200, answer.status_code


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    with JenkinsStandIn(prefix="/ci") as standin:
        yield Place(standin, tmp_path, capsys)


def test_what_is_not_there_is_told_and_nothing_is_made(place: Place) -> None:
    status, told = place.run()
    assert (status, place.world.jobs) == (0, {})
    assert f"{RELEASE}: is not there" in told
    assert f"{REPLACE}: is not there" in told


def test_a_check_fails_until_the_jobs_are_installed(place: Place) -> None:
    assert place.run("--check")[0] == 1
    status, told = place.run("--install")
    assert (status, set(place.world.jobs)) == (0, {RELEASE, REPLACE})
    assert f"{RELEASE}: made" in told
    status, told = place.run("--check")
    assert (status, f"{REPLACE}: is as it shall be" in told) == (0, True)


def test_what_somebody_changed_is_shown_as_a_difference_and_put_right(place: Place) -> None:
    place.run("--install")
    text = place.desk.text(RELEASE) or ""
    changed = text.replace("<quietPeriod>0<", "<quietPeriod>60<")
    place.post(f"job/{RELEASE}/config.xml", changed)
    status, told = place.run("--check")
    assert status == 1
    assert f"--- {RELEASE} on Jenkins" in told
    assert "-  <quietPeriod>60</quietPeriod>\n+  <quietPeriod>0</quietPeriod>" in told
    assert f"{RELEASE}: changed" in place.run("--install")[1]
    assert place.run("--check")[0] == 0


def test_what_jenkins_makes_of_a_text_when_it_saves_it_is_no_difference(place: Place) -> None:
    """As it wrote one: plugin attributes, absent booleans, empty elements, another order."""
    place.run("--install")
    text = place.desk.text(REPLACE) or ""
    saved = (
        text.replace(
            "<matrix-project>", '<matrix-project plugin="matrix-project@870.v9db_fcfc2f45b_">'
        )
        .replace("<trim>false</trim>", "")
        .replace("<defaultValue/>", "<defaultValue></defaultValue>")
        .replace("  <keepDependencies>false</keepDependencies>\n", "  <actions/>\n")
        .replace("  <quietPeriod>0</quietPeriod>\n", "")
        .replace("<builders>", "<quietPeriod>0</quietPeriod><builders>")
        .replace("<string>workhorse-nobody</string>", "<string>i-1</string><string>i-2</string>")
        .replace("<buildWrappers/>", "<buildWrappers/><logRotator/>")
    )
    assert saved != text
    place.post(f"job/{REPLACE}/config.xml", saved)
    assert place.run("--check")[0] == 0


def test_a_plugin_that_is_missing_is_named_before_anything_is_made(place: Place) -> None:
    place.world.plugins = ALL - {"nodelabelparameter", "matrix-project"}
    status, told = place.run("--install")
    assert (status, place.world.jobs) == (2, {})
    assert f"{RELEASE}: needs the plugin NodeLabel Parameter (nodelabelparameter)" in told
    assert f"{REPLACE}: needs the plugin Matrix Project (matrix-project)" in told


def test_without_sight_of_the_plugins_the_loss_is_found_by_reading_back(place: Place) -> None:
    """Only an administrator may see which are installed."""
    place.world.plugins = ALL - {"nodelabelparameter"}
    place.let_in("maker", READ, JOB_READ, JOB_CREATE, JOB_CONFIGURE)
    status, told = place.run("--install")
    assert status == 1
    assert (
        f"fault: {RELEASE}: must have the parameter NODE of type NodeParameterDefinition: "
        "is the plugin NodeLabel Parameter (nodelabelparameter) missing?"
    ) in told


def test_only_the_jobs_of_one_pool_are_looked_at_on_request(place: Place) -> None:
    assert place.run("--pool", "plain", "--install")[0] == 0
    assert set(place.world.jobs) == {REPLACE}
    status, told = place.run("--pool", "nobody")
    assert (status, "--pool: nobody: must be the name of a pool (linux, plain)" in told) == (
        2,
        True,
    )


def test_a_job_may_be_in_a_folder_that_is_there(place: Place) -> None:
    place.configure(release="team/release")
    status, told = place.run("--install")
    assert (status, "the folder 'team' must be there first" in told) == (2, True)
    place.post("createItem?name=team", f"<{FOLDER}/>")
    assert place.run("--install")[0] == 0
    assert set(place.world.jobs) == {"team/release", REPLACE}
    assert place.run("--check")[0] == 0


def test_one_job_cannot_be_two_things(place: Place) -> None:
    place.configure(release=REPLACE)
    status, told = place.run()
    assert status == 2
    assert f"the job '{REPLACE}' would have to be two things (kind release and replace" in told


def test_a_token_that_may_not_is_told_by_its_permission(place: Place) -> None:
    place.let_in("reader", READ, JOB_READ)
    status, told = place.run("--install")
    assert (status, "reader lacks hudson.model.Item.Create" in told) == (2, True)


def test_a_jenkins_that_does_not_answer_is_no_difference(place: Place) -> None:
    place.standin.restart(hard=False)
    assert place.run("--check")[0] == 1
    assert place.run()[0] == 1


def test_whoever_orders_a_rollout_is_told_what_its_jobs_lack(place: Place) -> None:
    settings = load(place.configure())
    assert missing_jobs(settings, [REPLACE, "other"]) == (
        "other: no pool needs such a job",
        f"{REPLACE}: there is no such job, or the token lacks Job/Read",
    )
    place.run("--install")
    assert missing_jobs(settings, [REPLACE]) == ()


def test_the_settings_in_the_documents_are_accepted() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    chosen = JobsSettings.model_validate(tomllib.loads(example)["jobs"])
    assert chosen.policy() == JobsPolicy(
        checks=("java -version", "git --version", "test -d /mnt/cache"),
        pool_checks={"gpu": ("nvidia-smi",)},
    )
    assert JobsSettings().policy() == JobsPolicy()


def test_every_setting_of_the_jobs_is_in_the_documents() -> None:
    told = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert set(JobsSettings.model_fields) <= set(told)


@pytest.mark.parametrize(
    "wrong",
    [
        {"variant": "matrix"},
        {"checks": []},
        {"checks": [" "]},
        {"checks": ["a\x00b"]},
        {"pool_checks": {"gpu": []}},
        {"pool_checks": {"gpu": [""]}},
        {"check_seconds": 0},
        {"retries": 3},
    ],
)
def test_settings_that_make_no_job_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JobsSettings.model_validate(wrong)
