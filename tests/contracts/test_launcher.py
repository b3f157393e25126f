"""What each call of the `Launcher` port means."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.contracts.rollout_stages import LauncherWorld
from tests.contracts.stages import GROUP
from workhorse.core.errors import Missing, Surprise
from workhorse.core.orders import Refresh, RefreshStatus

Found = TypeVar("Found")
ORDER = "r-20260101-1"
LABEL = "workhorse-canary-linux"
PATIENCE_SECONDS = 3600.0


def until(world: LauncherWorld, true: Callable[[], Found | None]) -> Found:
    """Let time pass until it is so."""
    began = world.now()
    while world.now() < began + PATIENCE_SECONDS:
        found = true()
        if found:
            return found
        world.pass_time(5)
    raise AssertionError(f"not in {PATIENCE_SECONDS} s: {world.members()}")


def ended(world: LauncherWorld) -> Refresh | None:
    """The newest refresh once it is over; hooks are completed on the way."""
    world.let_go()
    found = world.port.refresh(GROUP)
    assert found is not None
    over = (RefreshStatus.SUCCESSFUL, RefreshStatus.FAILED, RefreshStatus.CANCELLED)
    return found if found.status in over else None


def test_the_group_launches_the_version_it_was_told_and_old_agents_keep_theirs(
    launcher_world: LauncherWorld,
) -> None:
    launcher_world.grow(1)
    (old,) = launcher_world.members()
    version = launcher_world.add_version()
    assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == 1
    launcher_world.port.use_template(GROUP, version)
    assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == version
    launcher_world.grow(2)
    versions = dict(launcher_world.members())
    assert versions.pop(old) == 1
    assert list(versions.values()) == [version]


def test_a_version_may_be_told_twice_and_taken_back(launcher_world: LauncherWorld) -> None:
    version = launcher_world.add_version()
    for told in (version, version, 1):
        launcher_world.port.use_template(GROUP, told)
        assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == told


def test_no_such_group_or_version_is_missing(launcher_world: LauncherWorld) -> None:
    with pytest.raises(Missing):
        launcher_world.port.use_template("no-such-group", 1)
    with pytest.raises(Missing):
        launcher_world.port.use_template(GROUP, 99)
    assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == 1


def test_a_canary_is_of_the_version_asked_for_and_no_member(launcher_world: LauncherWorld) -> None:
    version = launcher_world.add_version()
    before = launcher_world.now()
    made = launcher_world.port.launch_canary(GROUP, version, ORDER, LABEL)
    (canary,) = launcher_world.port.canaries(GROUP)
    assert (canary.instance, canary.order, canary.state) == (made, ORDER, "pending")
    assert before <= canary.launched_at <= launcher_world.now()
    assert launcher_world.version_of(made) == version
    assert made not in launcher_world.members()
    assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == 1
    until(launcher_world, lambda: launcher_world.port.canaries(GROUP)[0].state == "running")


def test_a_canary_is_told_its_label_after_all_that_agents_are_told(
    launcher_world: LauncherWorld,
) -> None:
    made = launcher_world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    launcher_world.grow(1)
    (member,) = launcher_world.members()
    lines = launcher_world.user_data(made).splitlines()
    assert lines == [
        *launcher_world.user_data(member).splitlines(),
        f"AGENT_LABELS={LABEL}",
        "AGENT_MODE=EXCLUSIVE",
    ]


def test_a_canary_carries_its_order_and_its_group(launcher_world: LauncherWorld) -> None:
    made = launcher_world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    tags = launcher_world.tags(made)
    assert (tags["workhorse:canary"], tags["workhorse:pool-group"]) == (ORDER, GROUP)


def test_an_order_has_one_canary_however_often_it_is_asked_for(
    launcher_world: LauncherWorld,
) -> None:
    first = launcher_world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    launcher_world.pass_time(300)
    assert launcher_world.port.launch_canary(GROUP, 1, ORDER, LABEL) == first
    other = launcher_world.port.launch_canary(GROUP, 1, "r-other", LABEL)
    assert {one.instance: one.order for one in launcher_world.port.canaries(GROUP)} == {
        first: ORDER,
        other: "r-other",
    }


def test_a_canary_that_ended_is_told_no_more_and_may_be_ended_again(
    launcher_world: LauncherWorld,
) -> None:
    made = launcher_world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    launcher_world.port.end_canary(made)
    until(launcher_world, lambda: not launcher_world.port.canaries(GROUP))
    launcher_world.port.end_canary(made)
    launcher_world.port.end_canary("i-00000000000000000")


def test_nothing_but_a_canary_can_be_ended_as_one(launcher_world: LauncherWorld) -> None:
    launcher_world.grow(1)
    (member,) = launcher_world.members()
    with pytest.raises(Surprise, match=member):
        launcher_world.port.end_canary(member)
    launcher_world.pass_time(60)
    assert list(launcher_world.members()) == [member]


def test_a_canary_of_no_such_version_or_group_is_missing(launcher_world: LauncherWorld) -> None:
    for group, version in ((GROUP, 99), ("no-such-group", 1)):
        with pytest.raises(Missing):
            launcher_world.port.launch_canary(group, version, ORDER, LABEL)
    assert not launcher_world.port.canaries(GROUP)


def test_a_group_that_was_never_refreshed_tells_none(launcher_world: LauncherWorld) -> None:
    assert launcher_world.port.refresh(GROUP) is None
    launcher_world.port.cancel_refresh(GROUP)
    assert launcher_world.port.refresh(GROUP) is None


def test_a_refresh_replaces_every_agent_through_its_hook(launcher_world: LauncherWorld) -> None:
    launcher_world.grow(2)
    before = set(launcher_world.members())
    version = launcher_world.add_version()
    launcher_world.port.start_refresh(GROUP, version, 50)
    held = until(launcher_world, launcher_world.hold_open)
    assert set(held) <= before
    assert len(held) == 1
    found = until(launcher_world, lambda: ended(launcher_world))
    assert (found.status, found.percent) == (RefreshStatus.SUCCESSFUL, 100)
    assert set(launcher_world.members().values()) == {version}
    assert len(launcher_world.members()) == 2
    assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == version


def test_a_refresh_under_way_is_not_started_again(launcher_world: LauncherWorld) -> None:
    launcher_world.grow(1)
    version = launcher_world.add_version()
    launcher_world.port.start_refresh(GROUP, version, 0)
    first = launcher_world.port.refresh(GROUP)
    launcher_world.port.start_refresh(GROUP, version, 0)
    again = launcher_world.port.refresh(GROUP)
    assert first is not None
    assert again is not None
    assert again.id == first.id


def test_a_cancelled_refresh_leaves_the_groups_version_alone(launcher_world: LauncherWorld) -> None:
    launcher_world.grow(2)
    version = launcher_world.add_version()
    launcher_world.port.start_refresh(GROUP, version, 50)
    until(launcher_world, launcher_world.hold_open)
    launcher_world.port.cancel_refresh(GROUP)
    found = until(launcher_world, lambda: ended(launcher_world))
    assert found.status is RefreshStatus.CANCELLED
    assert launcher_world.cloud.groups([GROUP])[GROUP].template_version == 1
    assert 1 in launcher_world.members().values()
    launcher_world.port.cancel_refresh(GROUP)


def test_an_aws_that_does_not_answer_is_a_surprise_for_every_call(
    launcher_world: LauncherWorld,
) -> None:
    launcher_world.shut()
    port = launcher_world.port
    calls: list[Callable[[], object]] = [
        lambda: port.use_template(GROUP, 2),
        lambda: port.launch_canary(GROUP, 1, ORDER, LABEL),
        lambda: port.canaries(GROUP),
        lambda: port.end_canary("i-00000000000000001"),
        lambda: port.start_refresh(GROUP, 1, 50),
        lambda: port.refresh(GROUP),
        lambda: port.cancel_refresh(GROUP),
    ]
    for call in calls:
        with pytest.raises(Surprise):
            call()
