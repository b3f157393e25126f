"""What an embedded agent says to the gateway: who it is, that it lives, what it holds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.credentials import Credentials

from tests.local.agent.gate import Gate, gate, open_place
from workhorse.local.agent.boot import Machine
from workhorse.local.agent.disk import Disk
from workhorse.local.agent.gateway import Gateway, by_token
from workhorse.local.agent.image import Image
from workhorse.local.agent.keeping import Keeping
from workhorse.local.agent.metadata import Configuration, Metadata
from workhorse.local.agent.place import RegistrationError
from workhorse.local.agent.proof import BODY, Aim, Key, proof
from workhorse.local.clock import ScaledClock

KEY = Key(id="ASIAEXAMPLE", secret="secret", token="token")
AIM = Aim(endpoint="http://127.0.0.1:4566", region="eu-west-1", audience="workhorse.example")
NOW = 1_790_000_000.0


def test_a_proof_is_signed_as_botocore_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """All headers but the signature itself are signed, the nonce and the audience among them."""
    made = proof(KEY, AIM, "n-1", NOW)
    headers = cast("dict[str, str]", made["headers"])
    stamp = headers["X-Amz-Date"]
    given = {k: v for k, v in headers.items() if not k.startswith(("Auth", "X-Amz"))}
    request = AWSRequest(method="POST", url=str(made["url"]), headers=given, data=BODY)
    moment = get_current_datetime().strptime(stamp, SIGV4_TIMESTAMP)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: moment)
    SigV4Auth(Credentials(KEY.id, KEY.secret, KEY.token), "sts", AIM.region).add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]
    assert "x-workhorse-nonce;x-workhorse-server" in headers["Authorization"]


@pytest.fixture
def door() -> Iterator[Gate]:
    with gate() as found:
        yield found


def agent(door: Gate) -> Gateway:
    """An agent whose proof is the nonce it was given."""
    return Gateway(door.url, lambda nonce: {"way": "gateway", "name": "i-0abc", "proof": nonce})


def test_an_agent_asks_for_a_nonce_and_proves_who_it_is(door: Gate) -> None:
    place = agent(door).register()
    assert (place.name, place.secret) == ("i-0abc", "s3cret")
    assert place.jenkins_url == "http://jenkins.example/"
    (told,) = door.told("register")
    assert told == {"way": "gateway", "name": "i-0abc", "proof": "n-1"}


def test_an_agent_with_a_token_keeps_the_name_that_it_was_given(door: Gate) -> None:
    door.answers["register"] = open_place(name="linux-1", resume="r-1")
    gateway = Gateway(door.url, by_token("t0ken", {"vcpus": 2, "memory_gib": 4.0}))
    gateway.register()
    gateway.register()
    first, second = door.told("register")
    assert (first["name"], first["resume"], first["token"]) == ("", "", "t0ken")
    assert (second["name"], second["resume"]) == ("linux-1", "r-1")


def test_a_refusal_tells_its_status(door: Gate) -> None:
    with pytest.raises(RegistrationError, match="here: 401") as refused:
        agent(door).here()
    assert refused.value.status == 401


@dataclass
class Warnings(Metadata):
    """A metadata service that shows what a test says."""

    shown: dict[str, str] = field(default_factory=dict)
    spot: bool = True

    def is_spot(self) -> bool:
        """Whether notices are looked for."""
        return self.spot

    def interruption(self) -> str:
        """The notice that is shown."""
        return self.shown.get("spot", "")

    def rebalance(self) -> str:
        """The recommendation that is shown."""
        return self.shown.get("rebalance", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An agent that is registered, and whose looks a test makes it take."""

    gateway: Gateway
    keeping: Keeping
    warnings: Warnings
    clock: ScaledClock


def stage(door: Gate, **place: object) -> Stage:
    door.answers["register"] = open_place(**place)
    gateway, warnings = agent(door), Warnings()
    machine = Machine(
        name="i-0abc",
        settings=Configuration(region="us-east-1"),
        metadata=warnings,
        registrar=gateway,
        image=Image(),
    )
    clock = ScaledClock(NOW, 0.0)
    keeping = Keeping(machine, gateway, gateway.register(), clock)
    return Stage(gateway=gateway, keeping=keeping, warnings=warnings, clock=clock)


def here(*, known: bool | None = True, **more: object) -> Mapping[str, object]:
    told = {"known": known, "leaving": False, "idle_seconds": None, "lease": "lease-1"}
    return {**told, "lease_seconds": 900, **more}


def test_a_forgotten_agent_registers_again_at_the_second_word_of_it(door: Gate) -> None:
    played = stage(door)
    for turn, (known, times) in enumerate([(False, 1), (None, 1), (False, 1), (False, 2)]):
        door.answers["here"] = dict(here(known=known))
        played.keeping.turn(NOW + 61 * (turn + 1))
        assert len(door.told("register")) == times


def test_it_says_that_it_lives_each_minute_and_no_oftener(door: Gate) -> None:
    played = stage(door)
    door.answers["here"] = dict(here())
    for seconds in (59, 60, 70, 119, 121):
        played.keeping.turn(NOW + seconds)
    assert len(door.told("here")) == 2


def test_notices_are_passed_on_once_each_at_the_next_look(door: Gate) -> None:
    played = stage(door)
    played.warnings.shown["rebalance"] = '{"noticeTime": "..."}'
    played.keeping.turn(NOW + 2)
    played.warnings.shown["spot"] = '{"action": "terminate"}'
    played.keeping.turn(NOW + 4)
    played.keeping.turn(NOW + 6)
    assert [each["kind"] for each in door.told("ask")] == ["rebalance", "spot"]


def test_a_notice_that_did_not_arrive_is_told_again(door: Gate) -> None:
    played = stage(door)
    played.warnings.shown["spot"] = '{"action": "terminate"}'
    door.lease = "another"
    with pytest.raises(RegistrationError):
        played.keeping.turn(NOW + 2)
    door.lease = "lease-1"
    played.keeping.turn(NOW + 4)
    assert len(door.told("ask")) == 2


def test_an_agent_that_idles_for_its_time_asks_to_leave(door: Gate) -> None:
    played = stage(door, idle_minutes=5)
    for turn, idle in enumerate([None, 299.0, 300.0]):
        door.answers["here"] = dict(here(idle_seconds=idle))
        played.keeping.turn(NOW + 61 * (turn + 1))
    assert [each["kind"] for each in door.told("ask")] == ["idle"]
    door.answers["here"] = dict(here(idle_seconds=900.0, leaving=True))
    played.keeping.turn(NOW + 244)
    assert len(door.told("ask")) == 1


def test_a_volume_keeps_what_was_on_it_from_one_instance_to_the_next(
    door: Gate, tmp_path: Path
) -> None:
    """The second finds the line of the first behind the link where its cache is mounted."""
    door.answers["volume/claim"] = {"volume": "vol-1", "device": "/dev/sdf", "state": "new"}
    gateway = agent(door)
    gateway.register()
    for name in ("i-1", "i-2"):
        held = Disk(gateway, name, tmp_path / "volumes")
        cache = tmp_path / name / "cache"
        held.mount(cache, NOW)
        lines = (cache / "uses").read_text().splitlines()
        held.release(cache)
        held.release(cache)
        assert not cache.exists()
    assert [json.loads(line)["instance"] for line in lines] == ["i-1", "i-2"]
    assert [each["fill"] for each in door.told("volume/report")] == [0.05, 0.1]
    assert [each["volume"] for each in door.told("volume/release")] == ["vol-1", "vol-1"]


def test_a_corrupt_volume_is_wiped_first(door: Gate, tmp_path: Path) -> None:
    (tmp_path / "vol-1").mkdir()
    (tmp_path / "vol-1" / "uses").write_text("rubbish\n")
    door.answers["volume/claim"] = {"volume": "vol-1", "state": "corrupt"}
    gateway = agent(door)
    gateway.register()
    Disk(gateway, "i-2", tmp_path).mount(tmp_path / "cache", NOW)
    (told,) = door.told("volume/report")
    assert (told["wiped"], told["fill"]) == (True, 0.05)


def test_an_agent_without_a_volume_has_an_empty_folder(door: Gate, tmp_path: Path) -> None:
    """None is free, or this machine has no place for volumes: the builds run all the same."""
    gateway = agent(door)
    gateway.register()
    door.answers["volume/claim"] = {"volume": "", "because": "none is free"}
    Disk(gateway, "i-1", tmp_path).mount(tmp_path / "one", NOW)
    door.answers["volume/claim"] = {"volume": "vol-1", "state": "warm"}
    Disk(gateway, "i-1", None).mount(tmp_path / "two", NOW)
    assert list((tmp_path / "one").iterdir()) == list((tmp_path / "two").iterdir()) == []
    (told,) = door.told("volume/report")
    assert told["mounted"] is False
