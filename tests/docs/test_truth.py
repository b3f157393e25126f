"""What the documents say exists, exists; what exists and matters to people is in the documents."""

import importlib.util
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from invoke.tasks import Task

from scripts import sources
from tasks import ns
from tests.docs import prose
from workhorse import plugins, settings
from workhorse.core import plan
from workhorse.local.demo import options as demo_options

ROOT = sources.ROOT
PAGES = prose.pages()
TASKS: dict[str, Task] = dict(ns.tasks)


def flags(task: Task) -> set[str]:
    """The long options of a task."""
    return {f"--{name.replace('_', '-')}" for name in task.argspec(task.body).parameters} - {
        "--context"
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_task_and_option_that_a_page_names_exists(page: str) -> None:
    for words in prose.commands(PAGES[page]):
        if words[0] != "./inv" or words[1:2] in ([], ["TASK"], ["help"]):
            continue
        assert words[1] in TASKS, words
        given = {word.split("=")[0] for word in words[2:] if word.startswith("--")}
        assert given <= flags(TASKS[words[1]]), words


@pytest.mark.parametrize("page", PAGES)
def test_every_module_that_a_page_runs_exists(page: str) -> None:
    for words in prose.commands(PAGES[page]):
        if words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]), words


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGES[page])
    broken = [
        link
        for link in links
        if not link.startswith("http") and not (prose.folder(page) / link).exists()
    ]

    assert broken == []


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    """Paths from the root of the checkout, of the package, or of terraform."""
    named = re.findall(r"`((?:[a-z_-]+/)+[\w.-]+\.(?:py|tf|md|hcl|yaml|csv))`", PAGES[page])
    roots = (ROOT, ROOT / "workhorse", ROOT / "terraform", ROOT / "puppet", prose.folder(page))
    own = {"src/release_planner.py"}  # What a reader is to write.

    assert [p for p in named if p not in own and not any((r / p).exists() for r in roots)] == []


def test_every_page_is_on_the_list_of_pages() -> None:
    told = re.findall(r"\]\(([a-z-]+\.md)\)", PAGES["docs/README.md"])
    there = [match[1] for page in PAGES if (match := re.fullmatch(r"docs/([a-z-]+\.md)", page))]

    assert sorted(told) == there


def test_every_path_on_the_readmes_map_exists() -> None:
    table = PAGES["README.md"].split("| path | what |")[1].split("\n\n")[0]
    rows = "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))

    assert [path for path in re.findall(r"`(.*?)`", rows) if not (ROOT / path).exists()] == []


def test_every_task_has_a_help_line_and_help_for_each_option() -> None:
    for name, task in TASKS.items():
        assert str(task.__doc__).splitlines()[0].endswith("."), name
        assert {f"--{option}" for option in task.help} == flags(task), name


def test_the_demo_task_offers_what_the_demo_offers() -> None:
    """Less `--runs`, which is for tests."""
    offered = demo_options._parser().format_help()
    known = set(re.findall(r"^  (--[a-z0-9-]+)", offered, re.MULTILINE)) - {"--runs"}

    assert flags(TASKS["demo"]) == known


HEAD, POOL = re.findall(
    r"```toml\n(.*?)(\[\[pool\]\].*?)```", PAGES["docs/settings.md"], re.DOTALL
)[0]
EXAMPLES = [
    pytest.param(text, id=f"{page}-{number}")
    for page, whole in PAGES.items()
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", whole, re.DOTALL), 1)
    if "[project" not in text
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_settings_of_every_example_are_accepted(example: str) -> None:
    """A part is put behind what the page of settings begins with."""
    before = "" if "[jenkins]" in example else HEAD
    pool = "" if "[[pool]]" in example else POOL
    made = settings.parse(f"{before}{pool}{example}")

    for entry in made.pool:
        if entry.planner in plugins.names(plugins.PLANNERS):
            assert plugins.planner(entry.planner, entry.planner_options, key="planner")


def test_every_planner_rule_is_explained_where_the_journal_is() -> None:
    missing = [
        r.__name__ for r in plan.EXACT if f"`{r.__name__}`" not in PAGES["docs/operations.md"]
    ]

    assert missing == []


def test_every_dependency_says_why_it_is_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    _, run, local, sim, dev, _ = PAGES["docs/dependencies.md"].split("\n## ")

    for pinned, section in (
        (project["dependencies"], run),
        (extras["local"], local),
        (extras["sim"], sim),
        (extras["dev"], dev),
    ):
        names = {re.split(r"[\[=]", each)[0] for each in pinned}
        told = set(re.findall(r"^\| ([a-z0-9-]+) \|", section, re.MULTILINE))
        assert told - {"package", "---"} == names


def test_every_dependency_is_pinned_exactly_and_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    extras = project["optional-dependencies"].values()

    for each in chain(project["dependencies"], *extras):
        name, version = re.sub(r"\[.*?\]", "", each).split("==")
        assert re.search(rf"^{name}=={re.escape(version)}[ ;]", lock, re.MULTILINE), each


def test_every_alarm_has_its_page_and_every_page_its_alarm() -> None:
    module = ROOT / "terraform/modules/agent-pool"
    hcl = "".join((module / name).read_text() for name in ("alarms.tf", "ledger.tf"))
    alarms = re.findall(r"^    ([a-z-]+) = \{$", hcl, re.MULTILINE)

    assert alarms
    assert re.findall(r"^## (.+)$", PAGES["docs/runbook.md"], re.MULTILINE) == alarms


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "## [Unreleased]" in PAGES["CHANGELOG.md"]


def test_every_folder_of_tests_is_on_the_map() -> None:
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in files_of_tests()}

    assert [name for name in sorted(folders) if f"`{name}`" not in PAGES["tests/README.md"]] == []


def files_of_tests() -> list[Path]:
    """Files of tests that lie in a folder."""
    return [
        path
        for path in sources.python(ROOT / "tests")
        if path.name.startswith("test_") and path.parent != ROOT / "tests"
    ]
