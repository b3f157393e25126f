"""The cordon's label, and the edits of config.xml that lay and lift it."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.cordon import (
    cordon_label,
    cordoned,
    parse_cordon_label,
    recalled,
    with_executors,
)
from workhorse.core.errors import Misuse, Unreadable
from workhorse.core.node_config import read_text, write_text

LABEL = cordon_label("scale-in", "i-0abc")
OFFLINE = """<temporaryOfflineCause class="hudson.slaves.OfflineCause$UserCause">
    <timestamp>1795227332975</timestamp>
    <description>
      <holder>
        <owner>hudson.slaves.Messages</owner>
      </holder>
      <label>inner</label>
      <args>
        <string> : second &amp; &quot;third&quot;</string>
      </args>
    </description>
  </temporaryOfflineCause>"""


def config_of(
    *,
    root: str = "slave",
    label: str = "linux docker",
    description: str = "i-0123",
    mode: str = "NORMAL",
    executors: int = 2,
) -> str:
    """A config.xml as Jenkins writes it; the texts are given as XML."""
    return f"""<?xml version="1.1" encoding="UTF-8"?>
<{root}>
  {OFFLINE}
  <name>agent-1</name>
  <description>{description}</description>
  <remoteFS>/home/jenkins/agent</remoteFS>
  <numExecutors>{executors}</numExecutors>
  <mode>{mode}</mode>
  <retentionStrategy class="hudson.slaves.RetentionStrategy$Always"/>
  <launcher class="hudson.slaves.JNLPLauncher">
    <workDirSettings><disabled>false</disabled></workDirSettings>
    <label>not the node's</label>
  </launcher>
  <!-- <label>neither</label> -->
  <label>{label}</label>
  <some.plugin_-Property plugin="odd@1 > 2"><![CDATA[<label>x</label>]]></some.plugin_-Property>
  <nodeProperties/>
</{root.split(maxsplit=1)[0]}>"""


def meaning(config: str) -> dict[str, str]:
    """What Jenkins understands of it."""
    names = ("label", "mode", "description", "numExecutors", "name", "remoteFS")
    return {name: read_text(config, name) for name in names}


def test_a_cordon_label_tells_cause_and_instance() -> None:
    assert LABEL == "workhorse-drain.scale-in.i-0abc"
    assert parse_cordon_label(LABEL) == ("scale-in", "i-0abc")
    assert parse_cordon_label("linux") is None
    assert parse_cordon_label("workhorse-drain.spot") is None
    assert parse_cordon_label(f"{LABEL} linux") is None


@pytest.mark.parametrize(("cause", "instance"), [("", "i-1"), ("a.b", "i-1"), ("spot", "i 1")])
def test_a_label_that_would_not_parse_back_is_our_bug(cause: str, instance: str) -> None:
    with pytest.raises(Misuse):
        cordon_label(cause, instance)


def test_a_cordon_changes_label_and_mode_and_nothing_else_but_the_description() -> None:
    before = config_of()
    after = cordoned(before, LABEL)
    assert meaning(after) == meaning(before) | {
        "label": LABEL,
        "mode": "EXCLUSIVE",
        "description": "i-0123 [cordoned by workhorse; it had mode NORMAL, 2 executors, "
        'labels "linux docker"]',
    }
    changed = {
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    }
    assert {old.strip() for old, _ in changed} == {
        "<label>linux docker</label>",
        "<mode>NORMAL</mode>",
        "<description>i-0123</description>",
    }


def test_being_temporarily_offline_stays_as_it_was_written() -> None:
    assert OFFLINE in cordoned(config_of(), LABEL)
    assert OFFLINE in recalled(cordoned(config_of(), LABEL), (), exclusive=False)


def test_a_swarm_agent_is_cordoned_like_any_other() -> None:
    root = 'hudson.plugins.swarm.SwarmSlave plugin="swarm@3.51"'
    config = config_of(root=root)
    after = cordoned(config, LABEL)
    assert f"<{root}>" in after
    assert recalled(after, (), exclusive=True) == config


def test_a_recall_gives_back_executors_that_the_release_job_took() -> None:
    down = with_executors(cordoned(config_of(executors=4), LABEL), 1)
    assert read_text(down, "numExecutors") == "1"
    assert recalled(down, (), exclusive=False) == config_of(executors=4)


def test_fewer_than_one_executor_is_refused_for_jenkins_would_drop_the_computer() -> None:
    with pytest.raises(Misuse):
        with_executors(config_of(), 0)


def test_a_second_cordon_may_change_the_cause_and_forgets_nothing() -> None:
    other = cordon_label("hook", "i-0abc")
    once = cordoned(config_of(), LABEL)
    assert cordoned(once, LABEL) == once
    assert cordoned(once, other) == once.replace(LABEL, other)
    assert recalled(cordoned(once, other), (), exclusive=True) == config_of()


def test_labels_that_a_human_gave_meanwhile_are_the_ones_remembered() -> None:
    by_hand = write_text(cordoned(config_of(), LABEL), "label", "gpu")
    again = cordoned(by_hand, LABEL)
    assert read_text(again, "description").count("cordoned by workhorse") == 1
    back = recalled(again, (), exclusive=False)
    assert meaning(back) == meaning(config_of(label="gpu", mode="EXCLUSIVE"))


def test_a_node_that_is_not_cordoned_is_not_recalled() -> None:
    assert recalled(config_of(), ["gpu"], exclusive=True) == config_of()


def test_without_a_memory_the_pool_says_what_a_node_gets_back() -> None:
    config = config_of(label=LABEL, mode="EXCLUSIVE")
    assert cordoned(config, LABEL) == config
    back = recalled(config, ["linux", 'big "disk"'], exclusive=False)
    assert read_text(back, "label") == '"big \\"disk\\"" linux'
    assert read_text(back, "mode") == "NORMAL"


def test_a_label_that_was_added_beside_the_cordon_is_remembered() -> None:
    config = config_of(label=f"{LABEL} swarm", mode="EXCLUSIVE")
    after = cordoned(config, LABEL)
    assert read_text(after, "label") == LABEL
    assert read_text(recalled(after, (), exclusive=False), "label") == "swarm"


def test_elements_that_are_absent_or_empty_are_added_or_filled() -> None:
    config = "<slave><name>a</name><label/><description></description></slave>"
    after = cordoned(config, LABEL)
    assert meaning(after)["label"] == LABEL
    assert meaning(after)["mode"] == "EXCLUSIVE"
    back = meaning(recalled(after, (), exclusive=True))
    assert back == meaning(config) | {"mode": "NORMAL"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Not found",
        "<slave>",
        "<slave/>",
        "<slave><label>x</slave></label>",
        "<slave><label>x</label><label>y</label></slave>",
        "<slave></slave><slave></slave>",
        '<!DOCTYPE s [<!ENTITY a "b">]><slave><label>&a;</label></slave>',
        "<slave><label>a < b</label></slave>",
    ],
)
def test_what_is_no_config_of_a_node_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        cordoned(text, LABEL)


def test_references_and_cdata_read_as_text() -> None:
    config = "<slave><label>a&#x20;&#98;<![CDATA[&c]]>&lt;&#xfffffff;</label></slave>"
    assert read_text(config, "label") == "a b&c<&#xfffffff;"


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\ufffe\uffff"))


def in_xml_1_1(text: str) -> str:
    """The text as XStream writes it: control characters by number."""
    return "".join(
        f"&#x{ord(c):x};" if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 else c for c in escape(text)
    )


@given(TEXTS, TEXTS, st.sampled_from(["NORMAL", "EXCLUSIVE"]), st.integers(1, 99))
def test_a_recall_undoes_a_cordon_for_any_description_and_labels(
    description: str, label: str, mode: str, executors: int
) -> None:
    config = config_of(
        description=in_xml_1_1(description),
        label=in_xml_1_1(label),
        mode=mode,
        executors=executors,
    )
    assert read_text(config, "description") == description
    once = cordoned(config, LABEL)
    assert cordoned(once, LABEL) == once
    assert read_text(once, "numExecutors") == str(executors)
    assert read_text(once, "label") == LABEL
    assert meaning(recalled(once, ["x"], exclusive=mode == "NORMAL")) == meaning(config)


@given(TEXTS)
def test_a_parser_of_the_standard_library_reads_what_we_write(text: str) -> None:
    written = write_text("<slave><label>x</label></slave>", "label", text)
    assert read_text(written, "label") == text
    allowed_in_xml_1_0 = all(c in "\t\n\r" or ord(c) >= 0x20 for c in text)
    if allowed_in_xml_1_0:
        assert (ET.fromstring(written).findtext("label") or "") == text  # noqa: S314 - our own text
