"""The requeue machine: what a lost build's record and its job's runs say, and what follows."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts import NOW, group, instance, jenkins, node, snapshot
from workhorse.core.drain import Cause, Drain, DrainState
from workhorse.core.machine import step
from workhorse.core.model import Lifecycle
from workhorse.core.requeue import (
    DOUBT_SECONDS,
    GIVE_UP_SECONDS,
    MARK,
    MOST_REFUSALS,
    OPEN,
    BuildRecord,
    Lost,
    RequeueAction,
    RequeueEvent,
    RequeuePolicy,
    RequeueState,
    as_record,
    forbidden,
    from_record,
    job_of,
    mark_text,
)
from workhorse.core.requeue_looks import is_lost, judged, sought
from workhorse.core.requeue_table import REQUEUE

ID = "i-00000001"
POLICY = RequeuePolicy(marker="[again]")
S, E, A = RequeueState, RequeueEvent, RequeueAction


def lost(state: RequeueState = S.LOST, **changes: Any) -> Lost:
    facts: dict[str, Any] = {"build": "job/tests/5/", "instance": ID, "pool": "linux"}
    facts |= {"opened_at": NOW, "job": "tests", "queue_id": 50, "parameters": (("A", "1"),)}
    return Lost(state=state, **(facts | changes))


def found(**changes: Any) -> BuildRecord:
    """The record of that build: lost, and its job opted in."""
    facts: dict[str, Any] = {"path": "job/tests/5/", "job": "tests", "number": 5, "queue_id": 50}
    facts |= {"building": False, "result": "FAILURE", "started_at": NOW - 100}
    facts |= {"parameters": (("A", "1"),), "job_description": "All [again]"}
    return BuildRecord(**(facts | changes))


def run(number: int, **changes: Any) -> BuildRecord:
    """A newer run of ours with the same parameters."""
    more = {"number": number, "queue_id": 50 + (number or 99), "building": True, "ours": True}
    return found(**(more | changes))


def judgement(**changes: Any) -> RequeueEvent:
    return judged(lost(), found(**changes), POLICY, NOW)[1]


def test_nothing_is_queued_that_is_not_marked_first_and_marked_only_when_seen_bad() -> None:
    queueing = {pair for pair, row in REQUEUE.items() if A.QUEUE in row.actions}
    marking = {pair for pair, row in REQUEUE.items() if A.MARK in row.actions}

    assert queueing == {(S.MARKED, E.SEEN_FREE), (S.ASKED, E.SEEN_NONE_TWICE)}
    assert marking == {(S.LOST, E.SEEN_BAD)}


def test_every_row_that_queues_leads_to_asked_which_is_journalled_before() -> None:
    assert {row.state for row in REQUEUE.values() if A.QUEUE in row.actions} == {S.ASKED}


def test_what_is_done_with_hears_of_nothing_and_the_rest_reaches_its_end() -> None:
    ends = {S.QUEUED, S.LEFT}
    assert not {state for state, _ in REQUEUE} & ends
    while more := {s for (s, _), row in REQUEUE.items() if row.state in ends} - ends:
        ends |= more
    assert ends == set(RequeueState)
    assert {s for s, _ in REQUEUE} == OPEN


@pytest.mark.parametrize("result", ["FAILURE", "ABORTED", "NOT_BUILT"])
def test_a_build_that_was_lost_and_opted_in_is_marked(result: str) -> None:
    assert judgement(result=result) is E.SEEN_BAD
    assert step(REQUEUE, S.LOST, E.SEEN_BAD).actions == (A.MARK,)


@pytest.mark.parametrize("result", ["SUCCESS", "UNSTABLE"])
def test_a_pipeline_that_went_on_elsewhere_is_left(result: str) -> None:
    assert judgement(result=result) is E.SEEN_GOOD


def test_a_build_without_a_result_is_waited_for() -> None:
    assert judgement(building=True, result="") is E.SEEN_RUNNING


def test_a_mark_that_is_there_already_is_a_doubt() -> None:
    text = f"somebody's words\n{mark_text(lost())}"

    assert mark_text(lost()).startswith(MARK)
    assert judgement(description=text) is E.SEEN_MARKED


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"job_description": "All"}, "its job did not opt in"),
        ({"job": "team/Deploy-Site"}, "its job's name is like *deploy*"),
        ({"ours": True}, "we queued it ourselves"),
        ({"parameters": None}, "a parameter of it cannot be given again exactly"),
    ],
)
def test_what_must_not_be_queued_again_is_refused(changes: dict[str, Any], because: str) -> None:
    after, event = judged(lost(), found(**changes), POLICY, NOW)

    assert (event, after.because) == (E.SEEN_REFUSED, because)


def test_a_build_that_jenkins_does_not_keep_or_that_takes_for_ever_is_refused() -> None:
    assert judged(lost(), None, POLICY, NOW)[1] is E.SEEN_REFUSED
    late = judged(lost(), found(building=True), POLICY, NOW + GIVE_UP_SECONDS + 1)
    assert late[1] is E.SEEN_REFUSED


def test_an_empty_marker_is_in_no_description() -> None:
    assert judged(lost(), found(), RequeuePolicy(), NOW)[1] is E.SEEN_REFUSED


@pytest.mark.parametrize(
    ("path", "job"),
    [
        ("job/tests/5/", "tests"),
        ("job/team/job/api/12/", "team/api"),
        ("job/matrix/NODE=a/7/", ""),
        ("job/tests/", ""),
        ("", ""),
    ],
)
def test_a_path_tells_the_job_and_a_cell_of_a_matrix_is_none(path: str, job: str) -> None:
    assert job_of(path) == job
    assert bool(forbidden(job, POLICY)) == (not job)


def test_a_pattern_is_tried_on_the_whole_name_and_on_each_part_without_regard_to_case() -> None:
    policy = RequeuePolicy(marker="x", never=("prod-*", "[kK]eys"))

    assert forbidden("team/Prod-db/run", policy)
    assert forbidden("team/keys", policy)
    assert not forbidden("team/nonprod-db", policy)


def test_what_is_alike_and_waits_is_let_go_first() -> None:
    marked = lost(S.MARKED)

    assert sought(marked, [run(0, ours=False)], [], NOW)[1] is E.SEEN_ALIKE
    assert sought(marked, [run(0, parameters=(("A", "2"),))], [], NOW)[1] is E.SEEN_FREE
    assert sought(marked, [run(6)], [], NOW)[1] is E.SEEN_FREE


def test_in_doubt_a_newer_run_of_ours_with_its_parameters_counts_as_its_own() -> None:
    asked = lost(S.ASKED)

    assert sought(asked, [run(6)], [], NOW)[1] is E.SEEN_AGAIN
    assert sought(asked, [run(0)], [], NOW)[1] is E.SEEN_AGAIN
    assert sought(asked, [run(6, ours=False)], [], NOW)[1] is E.SEEN_NONE


def test_in_doubt_a_run_that_another_lost_build_has_is_not_its_own() -> None:
    other = lost(S.QUEUED, build="job/tests/4/", asked_at=NOW + 10)

    assert sought(lost(S.ASKED), [run(6)], [other], NOW)[1] is E.SEEN_NONE
    assert sought(lost(S.ASKED), [run(7), run(6)], [other], NOW)[1] is E.SEEN_AGAIN


def test_in_doubt_it_is_queued_only_after_two_looks_that_are_apart() -> None:
    once, event = sought(lost(S.ASKED), [], [], NOW)
    assert event is E.SEEN_NONE
    assert sought(once, [], [], NOW + DOUBT_SECONDS - 1)[1] is E.SEEN_NONE
    assert sought(once, [], [], NOW + DOUBT_SECONDS)[1] is E.SEEN_NONE_TWICE
    assert sought(once, [], [], NOW - 9000)[0].none_at == NOW - 9000


def test_in_doubt_a_number_that_is_missing_may_have_been_its_own() -> None:
    others = [run(n, ours=False) for n in (8, 6)]

    assert sought(lost(S.ASKED), others, [], NOW)[1] is E.SEEN_GAP
    assert step(REQUEUE, S.ASKED, E.SEEN_GAP).state is S.LEFT


def test_what_jenkins_refuses_again_and_again_is_left() -> None:
    refused = lost(S.ASKED, refusals=MOST_REFUSALS)

    assert sought(refused, [], [], NOW)[1] is E.SEEN_REFUSED


def test_a_lost_build_is_the_same_after_a_restart() -> None:
    for state in RequeueState:
        assert from_record(as_record(lost(state, because="so"))) == lost(state, because="so")


def drain(state: DrainState) -> Drain:
    return Drain(
        instance=ID,
        pool="linux",
        group="linux-agents",
        cause=Cause.SPOT,
        state=state,
        opened_at=NOW,
    )


def test_an_instance_is_lost_when_ec2_or_its_group_says_so_and_unknown_means_it_lives() -> None:
    there = group(instance(ID))
    ending = group(instance(ID, Lifecycle.TERMINATING_PROCEED))
    shown = snapshot(jenkins(node(ID)), there)
    gone = {ID: drain(DrainState.GONE)}

    assert not is_lost(ID, there, shown, {})
    assert is_lost(ID, ending, shown, {})
    assert not is_lost(ID, None, shown, gone)
    assert is_lost(ID, group(), shown, gone)
    assert not is_lost(ID, group(), shown, {ID: drain(DrainState.CORDONED)})
    assert not is_lost(ID, group(), shown, {})
    assert is_lost(ID, group(), replace(shown, states={ID: "shutting-down"}), {})
    assert not is_lost(ID, group(), replace(shown, states={ID: "running"}), {})
    assert not is_lost(ID, group(), snapshot(jenkins(), group()), {})
