"""Cache volumes in Terraform: the module's own tests, and what it shares with the core by name."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.rendered import Event, grants
from workhorse.core import volume
from workhorse.core.agents import Tier

# One worker for all of it where the runner deals by group: the runs are made once.
pytestmark = pytest.mark.xdist_group("mocked-modules")

MODULE = Path(__file__).parents[2] / "terraform/modules/cache-volumes"
MEMORY = {volume.USED_TAG, volume.FILL_TAG, volume.STATE_TAG}


def test_every_run_of_the_module_passes(events_of: Callable[[str], list[Event]]) -> None:
    events = events_of("cache-volumes")

    faults = [event["@message"] for event in events if event["type"] == "diagnostic"]
    assert events[-1]["test_summary"]["status"] == "pass", faults


def test_a_volume_is_found_by_the_tags_that_the_core_reads() -> None:
    text = (MODULE / "main.tf").read_text()
    written = set(re.findall(r'^ +"(workhorse:[\w-]+)" +=', text, re.MULTILINE))

    # The last is read by IAM alone.
    assert written == {volume.POOL_TAG, volume.TIER_TAG, "workhorse:deployment"}


def test_terraform_never_sets_back_what_the_controller_writes() -> None:
    text = (MODULE / "main.tf").read_text()

    for kind in ("tags", "tags_all"):
        left = set(re.findall(rf'\b{kind}\["([\w:-]+)"\]', text))
        assert left == MEMORY | {volume.TIER_TAG}


def test_the_tiers_are_those_of_the_settings() -> None:
    text = (MODULE / "variables.tf").read_text()
    (legal,) = re.findall(r"contains\(\[(.*?)\], pool\.tier\)", text)

    assert set(re.findall(r'"([\w-]+)"', legal)) == set(Tier) - {Tier.NONE}


def test_the_controller_may_write_its_memory_and_lower_a_tier_and_nothing_else(
    events_of: Callable[[str], list[Event]],
) -> None:
    (tagging,) = {str(s): s for s in grants(events_of("control-plane"))["TagVolumes"]}.values()
    condition = tagging["Condition"]

    keys = condition["ForAllValues:StringEquals"]["aws:TagKeys"]
    assert set(keys) == MEMORY | {volume.TIER_TAG}
    raised = condition["StringEqualsIfExists"][f"aws:RequestTag/{volume.TIER_TAG}"]
    assert raised == Tier.PULL_REQUEST
