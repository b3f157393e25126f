"""The command that publishes late configuration and the agent that applies it have the same rules.

There is no package on the image, so the rules stand in two places: one list of manifests is put
before both.
"""

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.agent import late as applying
from scripts.agent import late_rules
from tests.late_manifests import BAD_ONES, DIGEST, GOOD, GOOD_ONES, POOL, written
from workhorse.core import late

SIDES: dict[str, Callable[[bytes, str], Sequence[str]]] = {
    "command": late.faults,
    "agent": late_rules.faults,
}
side = pytest.mark.parametrize("faults", SIDES.values(), ids=SIDES)


@side
@pytest.mark.parametrize("data", GOOD_ONES.values(), ids=GOOD_ONES)
def test_both_take_a_good_manifest(
    faults: Callable[[bytes, str], Sequence[str]], data: bytes
) -> None:
    assert not faults(data, POOL)


@side
@pytest.mark.parametrize("data", BAD_ONES.values(), ids=BAD_ONES)
def test_both_refuse_a_bad_manifest(
    faults: Callable[[bytes, str], Sequence[str]], data: bytes
) -> None:
    assert faults(data, POOL)


@side
def test_both_refuse_the_manifest_of_another_pool(
    faults: Callable[[bytes, str], Sequence[str]],
) -> None:
    assert faults(written(GOOD), "windows")


PARTS = st.sampled_from(
    [
        *("etc", "opt", "usr", "local", "home", "jenkins", "srv", "lib", "var", "workhorse"),
        *("sudoers", "sudoers.d", "ssh", ".ssh", "pam.d", "passwd", "workhorse-agent.service"),
        *(".", "..", "", "a", "a b", "\n", "\u00e9", "~", "@", "+"),
    ]
)
PATHS = st.lists(PARTS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
VALUES = {
    "path": PATHS,
    "mode": st.sampled_from(["0644", "0666", "4755", "0755", "644", "00644", "0o644", 420, None]),
    "owner": st.sampled_from(["root", "jenkins", "ROOT", "", "0", 0, None]),
    "sha256": st.sampled_from([DIGEST, DIGEST.upper(), DIGEST[1:], f"{DIGEST}\n", None]),
}
FILES = st.fixed_dictionaries(VALUES) | st.fixed_dictionaries(
    {"path": PATHS}, optional={key: values for key, values in VALUES.items() if key != "path"}
)
MANIFESTS = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1", "", "a/b", "-", ".", "1\n", 1, None]) | st.just("1"),
        "pool": st.sampled_from([POOL, POOL, "", None]),
        "files": st.lists(FILES, max_size=3),
        "script": st.sampled_from([None, {"sha256": DIGEST}, {"sha256": ""}, {}, DIGEST]),
    }
)


@given(MANIFESTS)
def test_both_say_the_same_of_whatever_somebody_makes_up(record: dict[str, object]) -> None:
    data = json.dumps(record).encode()
    assert bool(late.faults(data, POOL)) == bool(late_rules.faults(data, POOL))


@given(st.lists(PATHS, min_size=1, max_size=2))
def test_both_let_a_manifest_change_the_same_paths(paths: list[str]) -> None:
    files = [{"path": p, "mode": "0644", "owner": "root", "sha256": DIGEST} for p in paths]
    data = written({**GOOD, "files": files})
    assert bool(late.faults(data, POOL)) == bool(late_rules.faults(data, POOL))


def test_files_are_of_the_same_size_at_most() -> None:
    assert applying.MOST_BYTES == late.FILE_BYTES
