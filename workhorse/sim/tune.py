"""Search a planner's settings for little waiting and little cost: `tune`.

Optuna proposes settings, a replay tells what becomes of them, and both figures go back to it.
Proposals come in batches of a fixed size, whatever the number of processes, and results are told
in the order of the proposals: the same seed gives the same search on one core and on a cluster.
So the kept results are all that a killed search needs: it asks again, and finds the answers there.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import optuna
from rich.console import Console

from workhorse.core.errors import Refusal
from workhorse.sim.contender import Contender, contender, options_of
from workhorse.sim.contest import Trace, play_task
from workhorse.sim.fleet import Fleet
from workhorse.sim.frontier import Point, Search
from workhorse.sim.outcome import Outcome
from workhorse.sim.spread import Done, Kept, Task, spread

BATCH = 8
"""Settings proposed at once; no fewer than the processes of most machines.

A larger batch keeps more processes busy and learns less from each; it is part of what makes a
search the same every time, so it does not follow `--jobs`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a setting may be."""

    low: float
    high: float
    whole: bool = False
    """Whole numbers only."""
    log: bool = False
    """Tried by factors, not by differences."""
    word: str = ""
    """What it may be instead of a number; empty for nothing."""

    def __post_init__(self) -> None:
        """Refuse what Optuna would."""
        if not self.low < self.high:
            raise Refusal(f"range {self.low:g}:{self.high:g}: must be from less to more")
        if self.log and self.low <= 0:
            raise Refusal(f"range {self.low:g}:{self.high:g}: must be above 0 to go by factors")

    def proposed(self, trial: optuna.Trial, key: str) -> Any:  # noqa: ANN401 - as the setting is
        """What is tried of it this time."""
        if (
            self.word
            and trial.suggest_categorical(f"{key} is", [self.word, "a number"]) == self.word
        ):
            return self.word
        if self.whole:
            return trial.suggest_int(key, int(self.low), int(self.high), log=self.log)
        return round(trial.suggest_float(key, self.low, self.high, log=self.log), 3)


POLICY: Mapping[str, Range] = {
    "buffer": Range(low=0, high=6, whole=True),
    "cool_down_seconds": Range(low=0, high=300),
    "idle_seconds": Range(low=10, high=1800, log=True),
}
"""The knobs of a pool's policy that are searched for every planner.

The others are safety (`settle_seconds`, `max_step`, `boot_seconds`) or a wish (`scale_in`).
"""

PLANNERS: Mapping[str, Mapping[str, Range]] = {
    "exact": {
        "buffer_ratio": Range(low=0, high=0.5),
        "idle_agents": Range(low=0, high=6, whole=True),
        "scale_out_factor": Range(low=0.5, high=1.5),
    },
    "stock": {
        "excess": Range(low=0, high=6),
        "maximum": Range(low=10, high=100, whole=True),
        "multiplier": Range(low=0.5, high=2, log=True),
        "queued_weight": Range(low=0.25, high=2, log=True),
        "reevaluate_minutes": Range(low=0.5, high=20, log=True),
        "running_weight": Range(low=0.5, high=2, log=True),
    },
    "duration": {
        "confidence": Range(low=0.5, high=0.99),
        "idle_seconds": Range(low=10, high=1800, log=True, word="auto"),
        "slack_seconds": Range(low=0, high=120),
    },
}
"""Each planner's own options that are searched; `--range` adds to them, for planners not ours too.

What the operator states is not searched: the hours of `windows`, the wish of `objective`.
"""


def ranges(planner: str, more: Mapping[str, Range] | None = None) -> Mapping[str, Range]:
    """What is searched of a planner: its options, and the policy's knobs that it does not shadow.

    Args:
        planner: its name.
        more: added, or put in place of those known.
    """
    own = options_of(planner)
    knobs = {key: each for key, each in POLICY.items() if key not in own}
    return {**knobs, **PLANNERS.get(planner, {}), **(more or {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is searched for."""

    planner: str
    trials: int
    limit_seconds: float
    """The p95 wait that is enough: the search looks for what costs least within it."""
    seed: int
    ranges: Mapping[str, Range]
    settings: Mapping[str, Any]
    """Of every trial, as given."""

    def __post_init__(self) -> None:
        """Refuse what is no question."""
        if self.trials < 1:
            raise Refusal(f"trials {self.trials}: must be at least 1")
        if self.limit_seconds < 0:
            raise Refusal(f"wait limit {self.limit_seconds}: must be at least 0 seconds")


def search(  # noqa: PLR0913 - what is asked, of whom, where, and what is kept
    question: Question,
    trace: Trace,
    fleet: Fleet,
    *,
    executor: Executor,
    kept: Kept | None = None,
    console: Console | None = None,
) -> Search:
    """Try settings, first the planner's own, then so many that Optuna proposes.

    Raises:
        Refusal: the planner or a setting is refused.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=question.seed)
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
    points: list[Point] = []
    faults: dict[str, str] = {}

    def tried(contenders: Sequence[Contender], title: str) -> Iterator[tuple[Contender, Done]]:
        tasks = [_task(trace, fleet, each, question.seed) for each in contenders]
        done = spread(tasks, executor, kept=kept, console=console, title=title)
        return zip(contenders, done, strict=True)

    def learn(number: int, who: Contender, done: Done) -> Point | None:
        if done.fault:
            faults[str(who)] = done.fault
            return None
        points.append(Point(number=number, contender=who, **done.value))
        return points[-1]

    for who, done in tried([contender(question.planner, question.settings)], "defaults"):
        learn(0, who, done)
    for first in range(0, question.trials, BATCH):
        trials = [study.ask() for _ in range(min(BATCH, question.trials - first))]
        proposed = [_proposed(question, trial) for trial in trials]
        title = f"trials {first + 1} to {first + len(trials)} of {question.trials}"
        for trial, (who, done) in zip(trials, tried(proposed, title), strict=True):
            _tell(study, trial, learn(trial.number + 1, who, done), question.limit_seconds)
    return Search(
        trace=trace.name,
        planner=question.planner,
        seed=question.seed,
        limit_seconds=question.limit_seconds,
        points=tuple(points),
        faults=faults,
    )


def _proposed(question: Question, trial: optuna.Trial) -> Contender:
    open_ = {key: each for key, each in question.ranges.items() if key not in question.settings}
    values = {key: each.proposed(trial, key) for key, each in open_.items()}
    return contender(question.planner, {**values, **question.settings})


def _tell(study: optuna.Study, trial: optuna.Trial, point: Point | None, limit: float) -> None:
    if point is None:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return
    trial.set_constraint("p95 wait", point.wait_seconds - limit)
    study.tell(trial, [point.wait_seconds, point.cost])


def _task(trace: Trace, fleet: Fleet, who: Contender, seed: int) -> Task:
    """A replay of which no more is kept than a point has."""
    play = play_task(trace, fleet, who, seed)
    return Task(name=play.name, key=f"{play.key}-point", run=_measured, arguments=(play,))


def _measured(play: Task) -> Mapping[str, Any]:
    outcome = Outcome.from_record(play.run(*play.arguments))
    total = outcome.total
    if total.finished < total.builds:
        raise Refusal(f"{total.builds - total.finished} of {total.builds} builds never ended")
    return {
        "wait_seconds": total.waits.p95,
        "instance_hours": total.instance_hours,
        "cost": total.cost,
        "boots": total.boots,
    }
