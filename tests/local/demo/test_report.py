"""The report, against the text it is meant to be."""

import json
from dataclasses import replace

from workhorse.local.demo.accounting import Account, Hooks, Loss
from workhorse.local.demo.caches import Caches, Reuse
from workhorse.local.demo.facts import Remains
from workhorse.local.demo.joining import Joining
from workhorse.local.demo.report import as_json, report, verdict
from workhorse.local.demo.scaling import ScaleUp

REUSED = Reuse(volume="vol-1", first="i-1", second="i-3")

CLEAN = Account(
    began=0,
    ended=7200,
    asked=4,
    run=4,
    killed=(),
    outside=(),
    unfinished=(),
    waits=(1, 2, 3, 70),
    instances=3,
    peak=2,
    instance_hours=1.5,
    fixed_hours=4,
    scale_ups=(ScaleUp(at=1, group="g", before=0, after=2, reaction=3),),
    hooks=Hooks(received=3, completed=3),
    recalled=1,
    deeds={"desired capacity lowered from outside": 1},
    remains=Remains(),
    joining=Joining(agents=3, nodes=4, requests=7, forgotten=("i-1",)),
    boots=(61, 62, 80),
    caches=Caches(claims=3, hits=1, misses=2, chances=1, reused=(REUSED,)),
)

CLEAN_TEXT = """\
two hours
builds            4 run of 4 asked for, 0 killed
queue wait        p50 2 s, p95 70 s, max 70 s
instances         3 launched, 2 at the peak
instance-hours    1.5; a fixed fleet of the same peak 4.0, so 62 % saved
scale-ups         1, reaction p50 3 s, p95 3 s, max 3 s
launch to online  p50 62 s, p95 80 s, max 80 s
hooks             3 received, 3 completed, 0 lost
drains recalled   1
registrations     3 agents by the gateway, 7 requests to Jenkins, none with a right there
forgotten agents  1, back 1
cache volumes     3 claims, 1 hits, 2 misses
  reused          vol-1 was left by i-1, scaled in, and found warm by i-3, scaled out later
outside hands     desired capacity lowered from outside (1)
left over         0 nodes, 0 instances
journal           .run/demo-1/journal.jsonl
verdict           clean: no build was killed, no hook lost, nothing left over; \
every agent came by the gateway"""

BAD = replace(
    CLEAN,
    run=1,
    killed=(Loss(build="linux #3", node="i-9", why="agent gone"),),
    outside=(Loss(build="linux #4", node="i-8", why="FAILURE"),),
    unfinished=("linux #2",),
    waits=(),
    scale_ups=(),
    hooks=Hooks(received=2, completed=0, lost=("i-9",), cut_short=1),
    deeds={},
    remains=Remains(nodes=("i-9",), instances=("i-7",)),
    joining=Joining(
        agents=2,
        strangers=("i-8",),
        exposed=("i-9 read a parameter",),
        forgotten=("i-1", "i-2"),
        lost=("i-2",),
    ),
    boots=(),
    caches=Caches(claims=2, misses=2, chances=1),
)

BAD_TEXT = """\
two hours
builds            1 run of 4 asked for, 1 killed
  killed          linux #3 on i-9: agent gone
  without an end  linux #2
lost to outsiders 1, past every hook
  lost            linux #4 on i-8: FAILURE
queue wait        none
instances         3 launched, 2 at the peak
instance-hours    1.5; a fixed fleet of the same peak 4.0, so 62 % saved
scale-ups         0
launch to online  none
hooks             2 received, 0 completed, 1 lost, 1 cut short by EC2
  lost            i-9
drains recalled   1
registrations     2 agents by the gateway, 0 requests to Jenkins
  past it         i-8
  secret          i-9 read a parameter
forgotten agents  2, back 1
cache volumes     2 claims, 0 hits, 2 misses
outside hands     none
left over         1 nodes, 1 instances: i-9, i-7
verdict           1 build killed, 1 build without an end, 1 hook lost, 2 things left over, \
1 agent past the gateway, 1 place with a secret, 1 forgotten agent not back, \
no warm volume reused"""


def test_a_clean_run_reads_like_this() -> None:
    places = {"journal": ".run/demo-1/journal.jsonl"}
    assert report(CLEAN, title="two hours", places=places) == CLEAN_TEXT


def test_a_bad_run_names_every_fault() -> None:
    assert report(BAD, title="two hours", places={}) == BAD_TEXT


def test_the_json_twin_says_the_same() -> None:
    found = json.loads(as_json(CLEAN, title="two hours", places={"journal": "j"}))
    assert found["clean"] is True
    assert (found["wait_p50_seconds"], found["wait_p95_seconds"]) == (2, 70)
    assert found["scale_ups"][0]["reaction"] == 3
    assert found["places"] == {"journal": "j"}


def test_the_verdict_is_clean_exactly_when_the_account_is() -> None:
    assert verdict(CLEAN).startswith("clean")
    assert not verdict(BAD).startswith("clean")
