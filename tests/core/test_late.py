"""What a manifest of late configuration may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.late_manifests import BAD_ONES, DIGEST, GOOD, GOOD_ONES, POOL, written
from workhorse.core.errors import Refusal
from workhorse.core.late import LateFile, Manifest, faults, parsed, path_fault

OTHER = "0" * 64


@pytest.mark.parametrize("data", GOOD_ONES.values(), ids=GOOD_ONES)
def test_a_good_manifest_has_no_faults(data: bytes) -> None:
    assert faults(data, POOL) == ()


@pytest.mark.parametrize("data", BAD_ONES.values(), ids=BAD_ONES)
def test_every_bad_manifest_is_refused(data: bytes) -> None:
    assert faults(data, POOL)
    with pytest.raises(Refusal):
        parsed(data, POOL)


def test_every_fault_is_told_at_once_and_says_where() -> None:
    wrong = {**GOOD, "version": "", "script": 1, "files": [{**GOOD["files"][0], "mode": "0777"}]}
    with pytest.raises(Refusal) as refused:
        parsed(written(wrong), POOL)
    told = str(refused.value)
    assert [word in told for word in ("version: ", "script: ", "files[0].mode: ")] == [True] * 3
    assert "'0777'" in told


def test_a_manifest_names_all_that_agents_fetch() -> None:
    file = LateFile(path="/etc/a", mode="0644", owner="root", sha256=DIGEST)
    made = Manifest(version="1", pool=POOL, files=(file,), script=OTHER)
    assert made.digests() == {DIGEST, OTHER}
    assert Manifest(version="1", pool=POOL, files=(file,)).digests() == {DIGEST}


def test_what_breaks_the_rules_is_not_written() -> None:
    file = LateFile(path="/root/.profile", mode="0644", owner="root", sha256=DIGEST)
    with pytest.raises(Refusal, match="must lie below one of /etc"):
        Manifest(version="1", pool=POOL, files=(file,)).written()


NAMES = st.from_regex(r"[A-Za-z0-9._@+-]{1,12}", fullmatch=True)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/".join(("/etc/x", *parts)))


@given(
    paths=st.lists(PATHS, unique=True, max_size=5),
    mode=st.integers(0, 0o777).map("{:04o}".format),
    script=st.sampled_from(["", OTHER]),
)
def test_what_is_written_is_parsed_as_it_was_or_refused(
    paths: list[str], mode: str, script: str
) -> None:
    files = tuple(LateFile(path=p, mode=mode, owner="jenkins", sha256=DIGEST) for p in paths)
    made = Manifest(version="1", pool=POOL, files=files, script=script)
    try:
        data = made.written()
    except Refusal:
        return
    assert parsed(data, POOL) == made


@given(st.text(st.sampled_from("/.aetcworkhs-") | st.characters(), max_size=30))
def test_no_path_leads_out_of_the_roots(path: str) -> None:
    if path_fault(path) == "":
        assert path.startswith(("/etc/", "/opt/", "/usr/local/", "/home/jenkins/", "/srv/"))
        assert not {"", ".", ".."} & set(path.split("/")[1:])


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    assert faults(data, POOL)
