"""A node says in its description whose it is, and nothing else is taken for that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.cordon import cordoned
from workhorse.core.node_config import read_text
from workhorse.core.owner import Owner, home_of, owner_of, owner_text

HOME = home_of("123456789012", "eu-west-1")
NAMES = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


@given(pool=NAMES)
def test_what_is_written_is_read_back(pool: str) -> None:
    text = owner_text(pool, HOME)

    assert owner_of(text) == owner_of(f"{text} and more") == Owner(pool=pool, home=HOME)


@pytest.mark.parametrize("way", ["gateway", "token"])
def test_how_its_agent_came_is_read_too(way: str) -> None:
    text = f"{owner_text('linux', HOME)} by {way}"
    assert owner_of(f"{text} [cordoned]") == Owner(pool="linux", home=HOME, way=way)
    assert owner_of(f"{owner_text('linux', HOME)} by {way}2") == Owner(pool="linux", home=HOME)


def test_the_memory_of_a_cordon_changes_nothing_of_it() -> None:
    text = owner_text("linux", HOME)
    config = f"<slave><description>{text}</description><label>a</label></slave>"
    left = cordoned(config, "workhorse-drain.scale-in.i-0abc")

    assert owner_of(read_text(left, "description")) == Owner(pool="linux", home=HOME)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "an agent",
        "made by workhorse: pool linux of 123456789012/eu-west-1",
        "workhorse: pool linux",
        "workhorse: pool linux of 123/eu-west-1",
        "workhorse: pool linux of 123456789012/eu-west-1x!",
        "workhorse: pool of 123456789012/eu-west-1",
    ],
)
def test_any_other_description_is_nobodys(text: str) -> None:
    assert owner_of(text) is None
