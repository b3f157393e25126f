"""An agent proves who it is, is forgotten and comes back; its successor finds its volume warm."""

from collections import Counter
from pathlib import Path

from tests.e2e.by_hand import by_hand
from tests.e2e.stage import Play, Stage
from workhorse.local.demo import evidence
from workhorse.local.demo.caches import Reuse, reused
from workhorse.local.demo.search import Search
from workhorse.local.demo.setting import TIER, PoolSetting

PLAY = Play(
    pool=PoolSetting(name="warm", label="warm", job="warm-build", ceiling=1),
    policy={"idle_seconds": 600, "boot_seconds": 4500},
    agent={"tier": TIER},
    volumes=1,
)

SHORT = 60.0
"""Virtual seconds of a build."""


def test_an_agent_comes_by_the_gateway_and_leaves_its_volume_warm(tmp_path: Path) -> None:
    """Its node is deleted by hand meanwhile; Jenkins' token is nowhere near it."""
    with by_hand(tmp_path, PLAY) as stage:
        first = runs(stage, order=0)
        stage.where.jenkins.delete_node(first)
        assert runs(stage, order=1) == first, "the forgotten agent did not come back"
        holds_no_secret(stage, tmp_path)
        stage.until("the group is empty", lambda: not stage.members(), virtual=3000)
        (use,) = evidence.uses(tmp_path / "volumes")
        stage.until("the volume is free", lambda: not holder(stage, use.volume), virtual=600)
        second = runs(stage, order=2)
        seen = evidence.uses(tmp_path / "volumes")
        handed_on = reused(seen, stage.happenings())
    assert handed_on == (Reuse(volume=use.volume, first=first, second=second),)
    the_journal_knows_them(stage, first, second)


def runs(stage: Stage, *, order: int) -> str:
    """A build comes and ends well; the agent it ran on."""
    stage.queue(SHORT, order=order)
    stage.until("the build ended", lambda: stage.ended() == order + 1, virtual=3000)
    *_, build = stage.builds()
    assert build["result"] == "SUCCESS"
    return str(build["node"])


def holder(stage: Stage, volume: str) -> str | None:
    """The instance that holds it."""
    (found,) = [one for one in stage.where.cloud.state()["volumes"] if one["id"] == volume]
    held: str | None = found["instance"]
    return held


def holds_no_secret(stage: Stage, folder: Path) -> None:
    """Not in its process, its files, what it prints; and it read no parameter of anybody's."""
    token = stage.where.token
    search = Search(token, [folder / "agents", folder / "volumes", folder / "logs/aws.log"])
    search.processes()
    assert search.found() == ()
    assert [one for one in stage.happenings() if one.kind == "parameter.read"] == []
    assert token in stage.where.token_file.read_text(), "the search looked for nothing"
    assert (folder / "agents").exists(), "the search looked nowhere"


def the_journal_knows_them(stage: Stage, first: str, second: str) -> None:
    """The first had a node made for it twice, under one name; each came in by its own proof."""
    made = Counter(
        one["node"]
        for one in stage.journal()
        if one["kind"] == "effect" and one["effect"] == "CreateNode"
    )
    assert made == {first: 2, second: 1}
    entries = [one for one in stage.journal() if one["kind"] == "registered"]
    assert {one["way"] for one in entries} == {"gateway"}
    assert [one["requests"] for one in entries] == [2, 1, 2]
