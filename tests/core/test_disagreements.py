"""What does not agree in one look, by its name."""

from dataclasses import replace

import pytest

from tests.core.books import HOME, ID, OTHER, STRANGER, drained, facts
from tests.facts import NOW, busy, group, instance, node, pool
from workhorse.core.agents import AgentPolicy
from workhorse.core.disagreements import (
    DAY_SECONDS,
    Facts,
    Finding,
    Inventory,
    Owned,
    findings,
)
from workhorse.core.drain import Cause, DrainState
from workhorse.core.effects import DeleteNode, DetachVolume
from workhorse.core.ledger import LEDGER, Disagreement, Remedy, listing
from workhorse.core.model import Instance, Lifecycle, Node
from workhorse.core.owner import Owner

WAITING = Lifecycle.TERMINATING_WAIT
OURS = Owner(pool="linux", home=HOME)
GHOST = Node(name=ID, offline=True, idle=False, busy=1, ghost=True)
D = Disagreement


def found(seen: Facts) -> tuple[Finding, ...]:
    return tuple(findings(seen))


def kinds(seen: Facts) -> list[tuple[Disagreement, bool]]:
    """The kinds, and whether something may be done about each."""
    return [(each.kind, not each.held) for each in findings(seen)]


def test_every_disagreement_has_its_rule_and_its_line_in_the_table() -> None:
    assert set(LEDGER) == set(Disagreement)
    assert listing().count("\n") == len(Disagreement) + 1


def test_an_agent_online_disagrees_with_nobody() -> None:
    assert found(facts(node(ID))) == ()


@pytest.mark.parametrize("lifecycle", [Lifecycle.IN_SERVICE, Lifecycle.PENDING_WAIT])
def test_who_was_never_listed_has_never_registered_and_goes_when_it_is_in_service(
    lifecycle: Lifecycle,
) -> None:
    seen = facts(group=group(instance(ID, lifecycle)))
    assert kinds(seen) == [(D.NEVER_REGISTERED, lifecycle is Lifecycle.IN_SERVICE)]


@pytest.mark.parametrize("listed", [node(ID, offline=True), busy(ID, offline=True)])
def test_an_offline_node_hangs_or_is_stuck_with_its_builds(listed: Node) -> None:
    assert kinds(facts(listed)) == [(D.STUCK if listed.busy else D.HUNG, True)]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("known", ["registered", "heard"])
def test_who_was_listed_or_heard_is_forgotten_and_stays_while_it_may_have_a_node(
    known: str,
    hidden: bool,  # noqa: FBT001 - a case
) -> None:
    told = {"registered": frozenset({ID})} if known == "registered" else {"heard": {ID: NOW}}
    seen = facts(hidden=frozenset({ID} if hidden else ()), **told)
    assert kinds(seen) == [(D.FORGOTTEN, not hidden)]


def test_an_agent_that_says_that_it_failed_is_told_with_its_reason() -> None:
    [told] = found(facts(failed={ID: "java is missing"}))
    assert (told.kind, told.detail) == (D.FAILED, "java is missing")


@pytest.mark.parametrize(
    ("member", "changes"),
    [(instance(ID, protected=True), {}), (instance(ID), {"scale_in_off": True})],
    ids=["protected", "scale-in off"],
)
@pytest.mark.parametrize("listed", [(), (node(ID, offline=True),)], ids=["none", "offline"])
def test_what_an_operator_holds_is_only_told(
    member: Instance, changes: dict[str, bool], listed: tuple[Node, ...]
) -> None:
    [(_, acts)] = kinds(facts(*listed, group=group(member, **changes)))
    assert not acts


def test_a_ghost_is_deleted_and_its_agent_is_neither_hung_nor_forgotten() -> None:
    [told] = found(facts(GHOST, registered=frozenset({ID})))
    assert (told.kind, told.effect) == (D.GHOST_COMPUTER, DeleteNode(node=ID))


@pytest.mark.parametrize("state", ["terminated", "shutting-down", "running"])
def test_a_leaving_agent_without_a_node_is_dead_or_forgotten(state: str) -> None:
    seen = facts(
        group=group(instance(ID, WAITING)),
        drains=(drained(),),
        states={ID: state},
        registered=frozenset({ID}),
    )
    assert kinds(seen) == [(D.FORGOTTEN if state == "running" else D.DEAD_AT_HOOK, True)]


@pytest.mark.parametrize(
    ("listed", "state", "told"),
    [
        (node(STRANGER, offline=True), "terminated", (D.NODE_WITHOUT_INSTANCE, True)),
        (
            node(STRANGER, offline=True, owner=OURS),
            "gone",
            (D.NODE_OF_FORGOTTEN_INSTANCE, True),
        ),
        (node(STRANGER, offline=True), "gone", (D.NODE_OF_FORGOTTEN_INSTANCE, False)),
        (replace(GHOST, name=STRANGER), "running", (D.GHOST_COMPUTER, True)),
        (replace(GHOST, name=STRANGER), "gone", (D.GHOST_COMPUTER, False)),
    ],
    ids=["terminated", "gone, ours", "gone, anybody's", "ghost", "ghost, anybody's"],
)
def test_a_node_of_no_member_is_told_by_what_ec2_says(
    listed: Node, state: str, told: tuple[Disagreement, bool]
) -> None:
    assert kinds(facts(node(ID), listed, states={STRANGER: state})) == [told]


@pytest.mark.parametrize("home", ["", "123456789012/us-east-1"])
def test_a_node_of_another_account_or_region_is_never_deleted_for_being_unknown(home: str) -> None:
    stray = node(STRANGER, offline=True, owner=OURS)
    seen = facts(node(ID), stray, states={STRANGER: "gone"}, home=home)
    assert kinds(seen) == [(D.NODE_OF_FORGOTTEN_INSTANCE, False)]


def owned(name: str, **changes: object) -> Owned:
    told: dict[str, object] = {"pool": "linux", "state": "running", "image": "ami-old"}
    return Owned(id=name, **(told | changes))  # type: ignore[arg-type] # its fields


def test_an_instance_outside_its_group_is_told_unless_it_ends_drains_or_is_a_canary() -> None:
    everyone = (
        owned(ID),
        owned("i-1", state="stopped"),
        owned("i-2", state="terminated"),
        owned("i-3", canary=True),
        owned("i-4"),
    )
    seen = facts(node(ID), inventory=Inventory(owned=everyone), drains=(drained("i-4"),))
    assert [(each.subject, each.detail) for each in found(seen)] == [
        ("i-1", "EC2 calls it stopped")
    ]
    assert LEDGER[D.OUTSIDE_GROUP].remedy is Remedy.TELL


def test_a_volume_of_a_dead_instance_is_detached() -> None:
    effect = DetachVolume(volume="vol-1", instance=STRANGER, force=True)
    [told] = found(facts(node(ID), inventory=Inventory(stranded=(("linux", effect),))))
    assert (told.kind, told.subject, told.effect) == (D.STRANDED_VOLUME, "vol-1", effect)


AGED = replace(pool(), agent=AgentPolicy(max_image_days=30))
STOCK = Inventory(
    owned=(owned(ID), owned(OTHER)), images={"ami-old": NOW - 31 * DAY_SECONDS, "ami-new": NOW}
)
PAIR = group(instance(ID, template_version=1), instance(OTHER, template_version=1))


def aged(**changes: object) -> Facts:
    told: dict[str, object] = {
        "of": AGED,
        "inventory": STOCK,
        "group": replace(PAIR, template_version=2),
    }
    return facts(busy(ID), node(OTHER), **(told | changes))  # type: ignore[arg-type]


def test_agents_of_an_old_image_leave_idle_ones_first_and_few_at_a_time() -> None:
    [told] = found(aged())
    assert (told.subject, told.since, told.detail) == (OTHER, NOW - DAY_SECONDS, "ami-old")
    leaving = drained(OTHER, cause=Cause.OLD_IMAGE, state=DrainState.ASKED)
    assert found(aged(drains=(leaving,))) == ()


def test_an_old_image_is_kept_while_the_group_launches_it_or_a_rollout_replaces_it() -> None:
    same = aged(group=replace(PAIR, template_version=1))
    rolling = aged(rolling=frozenset({"linux"}))
    assert kinds(same) == kinds(rolling) == [(D.OLD_IMAGE, False)] * 2


def test_an_image_of_unknown_age_is_not_old() -> None:
    assert found(aged(inventory=replace(STOCK, images={}))) == ()
