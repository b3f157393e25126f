"""The command as a template: what it may name, and that no value breaks out of its word."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts import pool
from workhorse.core.errors import Refusal, Surprise
from workhorse.executors.template import CommandTemplate, quoted

NAMES = ("size", "queued_size")
ARBITRARY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)


def made(text: str, names: tuple[str, ...] = NAMES, **changes: object) -> CommandTemplate:
    return CommandTemplate(text, pool(**changes), names)


def test_a_template_names_the_pool_and_the_numbers() -> None:
    text = (
        "scale {{ pool.name }} {{ pool.group }} {{ size }} of {{ pool.ceiling }} {{ queued_size }}"
    )
    assert made(text).text(size=3, queued_size=2) == "scale linux linux-agents 3 of 10 2"


def test_every_fact_of_a_pool_can_be_named() -> None:
    facts = ["name", "group", "labels", "executors", "floor", "ceiling", "buffer"]
    text = " ".join(f"{{{{ pool.{fact} }}}}" for fact in facts)
    told = made(text, labels="b a", floor=1, buffer=2).text(size=1, queued_size=0)
    assert told == "linux linux-agents a b 1 1 10 2"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scale {{ sise }}", "'sise' is unknown here: must be one of pool, size, queued_size"),
        ("{% if size > 99 %}{{ sise }}{% endif %}true", "'sise' is unknown here"),
        ("scale {{ delta }}", "'delta' is unknown here"),
        ("scale {{ pool.nmae }}", "with size 1, queued_size 1: .*no attribute 'nmae'"),
        ("scale {{ 10 // size }} {{ 1 // queued_size }}", "with size 0, queued_size 0: "),
        ("scale {{ size ", "line 1: unexpected end of template"),
        ("scale {{ size | shout }}", "line 1: No filter named 'shout'"),
        ("{# nothing #} ", "is an empty command"),
        ("{% if size %}true{% endif %}", "is an empty command"),
    ],
)
def test_what_cannot_be_rendered_is_refused_by_the_pool_and_the_name(text: str, told: str) -> None:
    with pytest.raises(Refusal, match=f"pool linux: executor_options.command: {told}"):
        made(text)


@pytest.mark.parametrize(
    "text",
    [
        'scale "{{ pool.group }}"',
        "scale '{{ pool.group | quote }}'",
        'scale "$(id) {{ pool.labels }}"',
        '# it is quoted\nscale \'a\' "b" "--group={{ pool.group }}"',
    ],
)
def test_a_value_within_quotes_is_refused_for_quoting_would_not_hold(text: str) -> None:
    with pytest.raises(Refusal, match="must not stand within quotes"):
        made(text)


@pytest.mark.parametrize(
    "text",
    [
        "# don't mind me\nscale {{ pool.group }}",
        "scale it\\'s {{ pool.group }}",
        'scale "size={{ size }}"',
        "group={{ pool.group }}; scale \"$group\" 'a' {{ pool.name }}",
        'scale {{ "--group=" ~ pool.group }}',
        "scale #{{ pool.group }}",
    ],
)
def test_a_value_outside_of_quotes_and_any_number_are_accepted(text: str) -> None:
    assert made(text).text(size=1, queued_size=1)


@given(ARBITRARY, ARBITRARY)
def test_the_shell_reads_every_value_as_the_one_word_that_it_is(group: str, label: str) -> None:
    text = "{{ pool.group }} {{ pool.group | quote }} {{ pool.labels }} {{ 'x' ~ pool.group }}"
    told = made(text, group=group, labels="x").text(size=1, queued_size=1)
    assert shlex.split(told) == [group, group, "x", f"x{group}"]
    assert shlex.split(quoted([label, quoted(group)])) == [label, group]


@pytest.mark.parametrize(
    "group",
    ["a; touch pwned", "$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "a\nb", "-n *"],
)
def test_the_name_of_a_group_cannot_hurt(tmp_path: Path, group: str) -> None:
    told = made("printf %s {{ pool.group }} | cat; echo", group=group).text(size=1, queued_size=1)
    said = subprocess.run(
        ["/bin/sh", "-c", told], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout == f"{group}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_template_that_fails_for_the_numbers_of_the_day_is_a_surprise() -> None:
    template = made("scale {{ 12 // (size - 5) }}")
    with pytest.raises(Surprise, match="the command of pool linux: "):
        template.text(size=5, queued_size=0)
