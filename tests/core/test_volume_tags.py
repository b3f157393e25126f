"""What the tags of a volume say, and what is written on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_volumes import volume
from workhorse.core.agents import Tier
from workhorse.core.volume import FILL_TAG, POOL_TAG, STATE_TAG, TIER_TAG, USED_TAG
from workhorse.core.volume_tags import (
    after_claim,
    after_release,
    after_report,
    lowered_to,
    with_tags,
)


def test_tags_tell_what_they_say_and_leave_the_rest() -> None:
    tags = {POOL_TAG: "gpu", TIER_TAG: "pull-request", USED_TAG: "12", FILL_TAG: "0.5"}

    assert with_tags(volume(), tags) == {
        "pool": "gpu",
        "tier": Tier.PULL_REQUEST,
        "used_at": 12.0,
        "fill": 0.5,
    }
    assert with_tags(volume(), {}) == {}


@pytest.mark.parametrize("text", ["", "trunks", "Trunk", " trunk", "none", "TRUNK"])
def test_a_tier_that_makes_no_sense_is_no_tier(text: str) -> None:
    assert with_tags(volume(), {TIER_TAG: text}) == {"tier": Tier.NONE}


@given(st.text())
def test_no_word_but_two_is_a_tier_and_no_number_that_makes_no_sense_counts(text: str) -> None:
    found = with_tags(volume(used_at=1.0, fill=0.5), {TIER_TAG: text, USED_TAG: text})

    assert found.get("tier", Tier.TRUNK) is (Tier(text) if text in set(Tier) else Tier.NONE)
    used_at = found.get("used_at", 1.0)
    assert used_at is None or used_at >= 0


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1.5", "full"])
def test_a_fill_that_makes_no_sense_is_unknown(text: str) -> None:
    assert with_tags(volume(fill=0.5), {FILL_TAG: text}) == {"fill": None}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("corrupt", {"corrupt": True}),
        ("foreign", {"foreign": True}),
        ("sound", {}),
        ("", {}),
    ],
)
def test_a_state_of_another_word_is_sound(text: str, fields: dict[str, object]) -> None:
    assert with_tags(volume(), {STATE_TAG: text}) == fields


def test_a_claim_and_a_release_leave_when_and_a_release_how_full() -> None:
    assert after_claim(12.7) == ((USED_TAG, "13"),)
    assert after_release(12.0, 0.25) == ((USED_TAG, "12"), (FILL_TAG, "0.250"))
    assert after_release(12.0, None) == ((USED_TAG, "12"),)
    assert after_release(12.0, 7.0) == ((USED_TAG, "12"),)


@pytest.mark.parametrize(
    ("mounted", "because", "wiped", "state"),
    [
        (True, "", False, None),
        (True, "", True, "sound"),
        (False, "corrupt: it cannot be mounted", False, "corrupt"),
        (False, "foreign: it holds swap", False, "foreign"),
        (False, "failed: it did not appear", False, None),
        (False, "corruption", False, None),
        (True, "corrupt: so what", False, None),
    ],
)
def test_a_report_leaves_the_kind_of_trouble_and_nothing_else_of_its_words(
    because: str, state: str | None, *, mounted: bool, wiped: bool
) -> None:
    tags = dict(after_report(mounted=mounted, because=because, fill=0.4, wiped=wiped))

    assert tags.pop(FILL_TAG) == "0.400"
    assert tags == ({} if state is None else {STATE_TAG: state})


def test_what_is_lowered_reads_as_lower() -> None:
    found = with_tags(volume(), dict(lowered_to(Tier.PULL_REQUEST)))

    assert found == {"tier": Tier.PULL_REQUEST}
