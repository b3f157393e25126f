"""The gateway as `python -m workhorse run` starts and ends it."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contracts.registration_ways import SETTINGS, ByGateway, World, world_of_ways
from workhorse.core.errors import Refusal
from workhorse.local.agent.place import RegistrationError
from workhorse.settings import Settings, parse
from workhorse.wiring import assembled


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A group, a Jenkins, and a gateway of their own that is not asked here."""
    with world_of_ways(tmp_path_factory.mktemp("running")) as made:
        yield made


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Settings:
    """Those of a controller beside it."""
    (tmp_path / "token").write_text(world.standin.token)
    endpoint, now = world.cloud.aws.endpoint, world.standin.clock.now()
    text = SETTINGS.format(jenkins=world.standin.url, aws=endpoint, folder=tmp_path)
    text = text.replace('token_file = "token"', f'token_file = "{tmp_path}/token"')
    text = text.replace("[aws]", "expect_jobs = false\n[aws]")
    return parse(f'{text}\n[loop]\nclock = "{now}:{now}:0.000001"\n')


def answers(url: str) -> bool:
    """Somebody is there."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=20) as found:  # noqa: S310 - our own
            return int(found.status) == 200
    except urllib.error.URLError:
        return False


def test_agents_register_once_the_first_tick_has_seen_the_world(
    world: World, settings: Settings
) -> None:
    lines: list[str] = []
    with assembled(settings, dry_run=False, show=lines.append) as workhorse:
        (line,) = [one for one in lines if one.startswith("gateway ")]
        url = line.split()[1].rstrip(",")
        assert answers(url)

        agent = ByGateway(replace(world, gate=replace(world.gate, url=url)))
        with pytest.raises(RegistrationError) as early:
            agent.register()
        assert early.value.status == 503
        workhorse.driver.once()
        place = agent.register()

        told = {(m.name, m.pool): m.value for m in workhorse.driver._meters(0.0)}
        assert (told["Registrations", "linux"], told["Refusals", ""]) == (1, 0)
        assert ("AgentsUnheard", "linux") in told
        workhorse.driver.once()
        assert place.secret == world.secret(place.name)
    assert not answers(url)


def test_a_dry_run_serves_no_gateway(settings: Settings) -> None:
    lines: list[str] = []
    with assembled(settings, dry_run=True, show=lines.append) as workhorse:
        workhorse.driver.once()

    assert not [line for line in lines if line.startswith("gateway ")]


def test_an_address_that_is_taken_ends_the_controller_before_it_does_anything(
    world: World, settings: Settings
) -> None:
    taken = world.gate.url.removeprefix("http://")
    gateway = settings.gateway.model_copy(update={"listen": taken})

    with (
        pytest.raises(Refusal, match=r"gateway\.listen"),
        assembled(settings.model_copy(update={"gateway": gateway}), dry_run=False, show=print),
    ):
        raise AssertionError("it began")
