"""What of a job's config.xml counts, and the nodes of its axis."""

import pytest

from workhorse.adapters.job_templates import rendered
from workhorse.core.errors import Unreadable
from workhorse.core.job_config import normalised, with_nodes
from workhorse.core.jobs import JobSpec, Kind, Variant

MATRIX = rendered(JobSpec(name="m", kind=Kind.REPLACE))
ELASTIC = rendered(JobSpec(name="m", kind=Kind.REPLACE, variant=Variant.ELASTIC))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p><a>1</a></p>", '<?xml version="1.1" encoding="UTF-8"?>\n<p>\n  <a> 1\n</a>\n</p>'),
        ('<p plugin="x@1"><a plugin="y@2">1</a></p>', "<p><a>1</a></p>"),
        ("<p><b>2</b><a>1</a></p>", "<p><a>1</a><b>2</b></p>"),
        ("<p><a/><b></b><c><d/></c></p>", "<p/>"),
        ("<p><a>false</a></p>", "<p></p>"),
    ],
)
def test_what_jenkins_writes_otherwise_is_equal(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p><a>1</a></p>", "<p><a>2</a></p>"),
        ("<p><a>true</a></p>", "<p/>"),
        ('<p><scm class="hudson.scm.NullSCM"/></p>', "<p/>"),
        ("<p><s>1</s><s>2</s></p>", "<p><s>2</s><s>1</s></p>"),
        ("<p><c>a b</c></p>", "<p><c>a  b</c></p>"),
    ],
)
def test_what_means_another_thing_is_not(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize("text", ["<p>", "", "<!DOCTYPE p [<!ENTITY e 'x'>]><p>&e;</p>"])
def test_what_is_no_jobs_text_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        normalised(text)
    with pytest.raises(Unreadable):
        with_nodes(text, ["a"])


@pytest.mark.parametrize("text", [MATRIX, ELASTIC])
def test_the_nodes_of_an_axis_are_written_and_nothing_else(text: str) -> None:
    """Each run writes them, so that they are no difference either."""
    written = with_nodes(text, ["i-a", "i-b"])
    assert normalised(written) == normalised(text)
    assert with_nodes(with_nodes(written, ["i-c"]), ["i-a", "i-b"]) == written
    before, _, after = text.partition("workhorse-nobody")
    assert written.startswith(before[: before.index("</name>", before.index("Axis>"))])
    assert written.endswith(after[after.index("Axis>") :])


def test_a_label_axis_lists_the_nodes_and_an_elastic_one_names_them_with_commas() -> None:
    listed = "<values><string>i-a</string><string>a&amp;b</string></values>"
    assert listed in with_nodes(MATRIX, ["i-a", "a&b"])
    assert "<label>i-a,i-b</label>" in with_nodes(ELASTIC, ["i-a", "i-b"])


def test_the_nodes_that_an_elastic_axis_saves_are_no_difference() -> None:
    saved = '<values class="java.util.Collections$UnmodifiableRandomAccessList"><c/></values>'
    assert "<values/>" in ELASTIC
    assert normalised(ELASTIC.replace("<values/>", saved)) == normalised(ELASTIC)


def test_empty_values_are_written_too() -> None:
    axis = "<hudson.matrix.LabelAxis><name>label</name><values/></hudson.matrix.LabelAxis>"
    assert "<string>i-a</string>" in with_nodes(f"<p>{axis}</p>", ["i-a"])


def test_two_label_axes_are_not_understood() -> None:
    axis = "<hudson.matrix.LabelAxis><name>l</name><values/></hudson.matrix.LabelAxis>"
    with pytest.raises(Unreadable, match="2 label axes"):
        with_nodes(f"<p>{axis}{axis}</p>", ["i-a"])


def test_an_axis_that_a_command_only_talks_of_is_none() -> None:
    """Jenkins escapes the text of a command."""
    talk = "<command>&lt;hudson.matrix.LabelAxis&gt;&lt;values/&gt;</command>"
    with pytest.raises(Unreadable, match="0 label axes"):
        with_nodes(f"<p>{talk}</p>", ["i-a"])
