"""What each call of the port `LateStore` means, in S3 and in SSM, and what people do with them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.contracts.real_world import REGION, Aws, aws_started
from tests.late_manifests import POOL
from workhorse.adapters.late_store import FAILED_SECONDS, KEPT_SECONDS, StoredLate, stored_late
from workhorse.adapters.session import AwsClients
from workhorse.core.errors import Missing, Refusal, Surprise, Unreadable
from workhorse.loops.agent_ports import Late

SIGNATURE = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
LATE = Late(manifest=b'{"version":"1"}', signature=SIGNATURE)
NEWER = Late(manifest=b'{"version":"{{2}}"}', signature=SIGNATURE)
DATA = bytes(range(256))
DIGEST = hashlib.sha256(DATA).hexdigest()
BUCKET = "late-configuration"
LOCATIONS = {
    "s3": f"s3://{BUCKET}/workhorse",
    "s3 without a prefix": f"s3://{BUCKET}",
    "ssm": "ssm:/workhorse/late",
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """One AWS for all: what lies there is named by its test."""
    with aws_started() as aws:
        aws.clients.s3.create_bucket(Bucket=BUCKET)
        yield aws


@dataclass
class Stage:
    """A store, and the time it is given."""

    aws: Aws
    location: str
    at: float = 1_000.0
    stores: list[StoredLate] = field(default_factory=list)

    def store(self, endpoint: str = "") -> StoredLate:
        """Another process' view of the same place, unless it is sent elsewhere."""
        clients = AwsClients(REGION, endpoint) if endpoint else self.aws.clients
        return stored_late(self.location, clients, lambda: self.at)


@pytest.fixture(params=LOCATIONS.values(), ids=LOCATIONS)
def stage(request: pytest.FixtureRequest, aws: Aws) -> Iterator[Stage]:
    stage = Stage(aws, request.param)
    yield stage
    stage.store().withdraw(POOL)


def test_where_nothing_was_published_is_nothing(stage: Stage) -> None:
    assert stage.store().late(POOL) is None


def test_what_was_published_is_there_byte_for_byte_and_of_one_pool(stage: Stage) -> None:
    stage.store().publish(POOL, LATE, {DIGEST: DATA})
    there = stage.store()
    assert there.late(POOL) == LATE
    assert there.file(DIGEST) == DATA
    assert there.late("windows") is None


def test_what_is_published_later_takes_its_place(stage: Stage) -> None:
    stage.store().publish(POOL, LATE, {})
    stage.store().publish(POOL, NEWER, {})
    assert stage.store().late(POOL) == NEWER


def test_what_was_withdrawn_is_nothing_and_its_files_stay(stage: Stage) -> None:
    store = stage.store()
    store.publish(POOL, LATE, {DIGEST: DATA})
    for _ in range(2):
        store.withdraw(POOL)
    assert store.late(POOL) is None
    assert stage.store().file(DIGEST) == DATA


def test_a_file_that_is_not_there_is_missing(stage: Stage) -> None:
    with pytest.raises(Missing):
        stage.store().file("0" * 64)


def test_what_was_read_is_believed_for_a_while_and_no_longer(stage: Stage) -> None:
    """Many agents register in one minute; what people publish reaches them soon."""
    ours = stage.store()
    assert ours.late(POOL) is None
    stage.store().publish(POOL, LATE, {})
    assert ours.late(POOL) is None
    stage.at += KEPT_SECONDS
    assert ours.late(POOL) == LATE


def test_a_clock_that_was_set_back_keeps_nothing_for_long(stage: Stage) -> None:
    ours = stage.store()
    assert ours.late(POOL) is None
    stage.store().publish(POOL, LATE, {})
    stage.at -= 3600
    assert ours.late(POOL) == LATE


def test_a_file_with_other_bytes_than_its_name_says_is_a_surprise(stage: Stage) -> None:
    digest = hashlib.sha256(b"other").hexdigest()
    stage.store().publish(POOL, LATE, {digest: DATA})
    with pytest.raises(Surprise, match="another digest"):
        stage.store().file(digest)


def test_a_manifest_without_a_signature_is_a_surprise(stage: Stage) -> None:
    stage.store().publish(POOL, Late(manifest=LATE.manifest, signature=b"signed, me"), {})
    with pytest.raises(Surprise, match="no signature"):
        stage.store().late(POOL)


def test_a_place_that_does_not_answer_is_unreadable(stage: Stage) -> None:
    gone = stage.store("http://127.0.0.1:9")
    with pytest.raises(Unreadable):
        gone.late(POOL)
    with pytest.raises(Unreadable):
        gone.file(DIGEST)
    with pytest.raises(Surprise):
        gone.publish(POOL, LATE, {})


def test_what_just_failed_is_not_asked_again_for_a_moment(stage: Stage) -> None:
    """A crowd that registers while the place is down must not wait for it one after another."""
    ours = stage.store()
    another = f"for {stage.location}".encode()
    digest = hashlib.sha256(another).hexdigest()
    with pytest.raises(Missing):
        ours.file(digest)
    stage.store().publish(POOL, LATE, {digest: another})
    with pytest.raises(Missing):
        ours.file(digest)
    stage.at += FAILED_SECONDS
    assert ours.file(digest) == another


def test_a_file_that_was_read_is_not_read_again(stage: Stage) -> None:
    stage.store().publish(POOL, LATE, {DIGEST: DATA})
    ours = stage.store()
    assert ours.file(DIGEST) == DATA
    stage.aws.clients.s3.delete_object(Bucket=BUCKET, Key=f"workhorse/files/{DIGEST}")
    assert ours.file(DIGEST) == DATA


def test_what_no_parameter_holds_is_refused_and_nothing_is_changed(aws: Aws) -> None:
    store = stored_late(LOCATIONS["ssm"], aws.clients, lambda: 0.0)
    large = b"a" * 6145
    with pytest.raises(Refusal, match="6145 bytes, and the largest holds 6144"):
        store.publish(POOL, LATE, {hashlib.sha256(large).hexdigest(): large})
    assert store.late(POOL) is None


def test_parameters_are_kept_encrypted(aws: Aws) -> None:
    store = stored_late(LOCATIONS["ssm"], aws.clients, lambda: 0.0)
    store.publish("linux", LATE, {DIGEST: DATA})
    for name in (f"files/{DIGEST}", "pools/linux/late"):
        found = aws.clients.ssm.get_parameter(Name=f"/workhorse/late/{name}")["Parameter"]
        assert found["Type"] == "SecureString"
    store.withdraw("linux")


@pytest.mark.parametrize("location", ["", "s3:/bucket", "https://bucket/late", "ssm:late"])
def test_a_location_that_is_neither_is_refused(location: str, aws: Aws) -> None:
    with pytest.raises(Refusal, match="must be s3://BUCKET/PREFIX or ssm:/PATH"):
        stored_late(location, aws.clients)
