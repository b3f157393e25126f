"""The search for settings that cost little and let builds wait little.

Optuna proposes settings, a replay tells what becomes of them, and both figures go back to it.
Proposals come in batches of a fixed size, whatever the number of processes, and results are told
in the order of the proposals: the same seed gives the same search on one core and on a cluster.
So the kept results are all that a killed search needs: it asks again, and finds the answers there.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from typing import Any, cast

import optuna
from rich.console import Console

from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.model import Policy
from workhorse.sim.contender import Contender, contender
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

NUMBER = "a number"
"""Beside the word of a range: that it is a number this time."""


def _asked(key: str) -> str:
    """The name of the question whether it is a word or a number."""
    return f"{key} is"


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
        if self.word:
            word = trial.suggest_categorical(_asked(key), [self.word, NUMBER])
            if word == self.word:
                return word
        if self.whole:
            return trial.suggest_int(key, int(self.low), int(self.high), log=self.log)
        value = trial.suggest_float(key, self.low, self.high, log=self.log)
        return float(f"{value:.3g}")

    def told(self, key: str, value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the same
        """What Optuna would have proposed for that value; empty where it could not have."""
        if self.word and value == self.word:
            return {_asked(key): value}
        number = isinstance(value, int | float) and self.low <= value <= self.high
        if not number:
            return {}
        return {key: value, **({_asked(key): NUMBER} if self.word else {})}


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
        if not self.limit_seconds >= 0:
            raise Refusal(f"wait limit {self.limit_seconds}: must be at least 0 seconds")
        if not self.open_ranges:
            raise Refusal(f"{self.planner}: must have a range that is not set")

    @property
    def open_ranges(self) -> Mapping[str, Range]:
        """The ranges of what is not set, in the order of their names."""
        return {k: each for k, each in sorted(self.ranges.items()) if k not in self.settings}


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
    study.enqueue_trial(_defaults(question))
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


def _defaults(question: Question) -> dict[str, Any]:
    """The first proposal: as the planner comes, as far as the ranges hold that."""
    own = plugins.planner(question.planner, {})
    values = {f.name: f.default for f in fields(Policy)}
    values |= {f.name: getattr(own, f.name) for f in fields(cast("Any", own))}
    found: dict[str, Any] = {}
    for key, each in question.open_ranges.items():
        found |= each.told(key, values.get(key))
    return found


def _proposed(question: Question, trial: optuna.Trial) -> Contender:
    values = {key: each.proposed(trial, key) for key, each in question.open_ranges.items()}
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
