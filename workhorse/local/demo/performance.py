"""The middle of the demo: builds come, others interfere, everybody watches, until it is quiet."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from workhorse.local.demo import evidence
from workhorse.local.demo.controller import Controller
from workhorse.local.demo.facts import Build
from workhorse.local.demo.outsiders import Outsiders
from workhorse.local.demo.replay import Replay
from workhorse.local.demo.scenery import Scenery
from workhorse.local.demo.screen import Screen
from workhorse.local.demo.search import Search
from workhorse.local.demo.trace import Arrival
from workhorse.local.demo.view import Names, View, see

LOOK_SECONDS = 0.5
"""Real seconds between two looks."""

COUNT_EVERY = 4
"""Builds are counted at every so many looks."""

ENCORES = 4
"""At most so many builds are added to those of the trace."""

SEARCH_EVERY = 30
"""At every so many looks the agents are searched for a secret."""

PATIENCE_SECONDS = 3600.0
"""Policy seconds beyond the last build's length after which it must be quiet: an idle time, a cool
down, the drains of the last agents, many times over; a busy machine may be late by all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The window in virtual time: it begins, is `length` long, and all must be quiet in time."""

    begin: float
    length: float
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Encore:
    """One more build when all is quiet: how long it takes, in policy seconds, and what for."""

    seconds: float
    why: str


@dataclass(slots=True)
class Seen:
    """What was ever seen of the instances."""

    launched: set[str] = field(default_factory=set)
    online: set[str] = field(default_factory=set)
    """Those whose node was online."""
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Group and zone."""

    def add(self, view: View) -> None:
        """What a view shows of agents."""
        self.online |= {agent.instance for agent in view.agents if agent.online}
        self.places |= {agent.instance: (agent.group, agent.zone) for agent in view.agents}


class Performance:
    """One window being replayed."""

    def __init__(  # noqa: PLR0913 - what takes part in it
        self,
        where: Scenery,
        pools: Sequence[Names],
        controller: Controller,
        outsiders: Outsiders,
        screen: Screen,
        *,
        search: Search,
    ) -> None:
        self.seen = Seen()
        self.search = search
        self.where = where
        self.pools = pools
        self.controller = controller
        self.outsiders = outsiders
        self._screen = screen
        self._rest = threading.Event()
        self._looks = 0
        self._done = 0

    def run(
        self, arrivals: Sequence[Arrival], hours: float, *, encore: Callable[[], Encore | None]
    ) -> Replay:
        """Replay the arrivals and wait for quiet, for a bounded time; gives what was asked for.

        Args:
            arrivals: the builds of the trace.
            hours: how long the window is.
            encore: asked whenever all is quiet, which build is to come yet.

        Raises:
            StageError: the controller ended by itself, or a server did not answer.
        """
        clock, compress = self.where.clock, self.where.tempo.compress
        span = _span(arrivals, clock.now(), hours, compress)
        replay = Replay(
            arrivals,
            begin=span.begin,
            clock=clock,
            jobs={names.label: names.job for names in self.pools},
            build=self.where.jenkins.build,
            compress=compress,
        )
        with replay:
            self._watch(replay, span, lambda _view: replay.over)
            self._screen.say("  the trace is over: waiting for builds and drains to end")
            quiet = self._watch(replay, span, lambda view: self._over(view, replay))
        for _ in range(ENCORES):
            if not quiet or (extra := encore()) is None:
                break
            self._screen.say(f"  all is quiet: one more build comes, {extra.why}")
            replay.one_more(self.pools[0].label, extra.seconds)
            later = self.where.clock.now() + PATIENCE_SECONDS / compress
            span = replace(span, deadline=later)
            quiet = self._watch(replay, span, lambda view: self._over(view, replay))
        return replay

    def _over(self, view: View, replay: Replay) -> bool:
        """All is quiet, and every build that was asked for has ended."""
        return view.quiet and self._done == len(replay.asked)

    def builds(self, replay: Replay) -> tuple[Build, ...]:
        """The builds of our jobs, as Jenkins tells them."""
        jenkins = self.where.jenkins
        jobs = [names.job for names in self.pools]
        if not self.where.real_jenkins:
            return evidence.builds_of_stand_in(jenkins.accounting(), frozenset(jobs))
        asked = tuple(replay.asked)
        return tuple(
            build
            for job in jobs
            for build in evidence.builds_of_jenkins(job, jenkins.builds(job), asked)
        )

    def look(self) -> View:
        """What AWS and Jenkins show now."""
        state = self.where.cloud.state()
        self.seen.launched |= {machine["id"] for machine in state["instances"]}
        view = see(
            at=self.where.clock.now(),
            pools=self.pools,
            state=state,
            queue=self.where.jenkins.queue(),
            computers=self.where.jenkins.computers(),
            launched=frozenset(self.seen.launched),
        )
        self.seen.add(view)
        return view

    def _watch(self, replay: Replay, span: Span, over: Callable[[View], bool]) -> bool:
        """Look, show and let others interfere until it is over, or the time is: gives which."""
        while self.where.clock.now() < span.deadline:
            view = self.look()
            self._show(view, replay, span)
            self._interfere(view, (view.at - span.begin) / span.length)
            self.controller.check()
            if over(view):
                return True
            self._rest.wait(LOOK_SECONDS)
        return False

    def _show(self, view: View, replay: Replay, span: Span) -> None:
        if self._looks % COUNT_EVERY == 0:
            self._done = sum(1 for build in self.builds(replay) if build.ended is not None)
        if self._looks % SEARCH_EVERY == SEARCH_EVERY // 2:
            self.search.processes()
        self._looks += 1
        self._screen.rows(
            view.rows(), since=view.at - span.begin, done=self._done, asked=len(replay.asked)
        )

    def _interfere(self, view: View, part: float) -> None:
        if deed := self.outsiders.act(view, part):
            self._screen.deed(f"  others: {deed.hand} ({deed.target})")


def _span(arrivals: Sequence[Arrival], begin: float, hours: float, compress: float) -> Span:
    length = hours * 3600 / compress
    longest = max(one.after + one.seconds for one in arrivals) + PATIENCE_SECONDS
    deadline = begin + max(length, longest / compress)
    return Span(begin=begin, length=length, deadline=deadline)
