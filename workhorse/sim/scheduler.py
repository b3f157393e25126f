"""The queue of the simulated Jenkins, and how it gives out executors.

A task goes waiting, buildable, pending (an executor is assigned), and leaves the queue when it
starts.  Whether a node may take it is looked at on assignment only; a change of labels revokes
nothing, and a node that goes offline before the start gives the item back (cores from 2.517 on).
Items that are alike are kept in one bucket, so that giving out work costs by what is given out and
not by what waits.
"""

from collections.abc import Callable

from workhorse.sim.builds import Build, Computer, Stage
from workhorse.sim.kernel import Kernel, Priority

Key = tuple[str | None, str | None]
"""What makes items alike: label expression and pin."""


class Scheduler:
    """Items, and the computers that have a free executor.

    Args:
        kernel: time.
        start_seconds: asked at each assignment for the time until the build starts.
        starts: called with build and computer when a build has left the queue.
        changed: called with a computer whose executors changed.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        start_seconds: Callable[[], float],
        starts: Callable[[Build, Computer], None],
        changed: Callable[[Computer], None],
    ) -> None:
        self.items: dict[int, Build] = {}
        self.open = True
        """False while Jenkins is down or quieting down: nothing is given out."""
        self._kernel = kernel
        self._start_seconds = start_seconds
        self._starts = starts
        self._changed = changed
        self._free: dict[str, Computer] = {}
        self._buckets: dict[Key, dict[int, Build]] = {}
        self._planned = False

    def add(self, build: Build) -> None:
        """Put a build into the queue; it waits until it is due."""
        self.items[build.id] = build
        if build.due > self._kernel.now:
            build.stage = Stage.WAITING
            build.timer = self._kernel.at(build.due, self._become_buildable, build)
        else:
            self._become_buildable(build)

    def remove(self, build: Build) -> None:
        """Take a build out of the queue; done as well when it is not there."""
        self.items.pop(build.id, None)
        self._leave_bucket(build)

    def offer(self, computer: Computer) -> None:
        """A computer changed: it may be free, or no longer."""
        if not computer.free:
            self._free.pop(computer.name, None)
            return
        self._free.setdefault(computer.name, computer)
        self.maintain_soon()

    def withdraw(self, computer: Computer) -> None:
        """A computer is no more."""
        self._free.pop(computer.name, None)

    def give_back(self, computer: Computer) -> None:
        """What is assigned to a computer and not started is buildable again."""
        for build in [b for b in computer.builds if b.stage is Stage.PENDING]:
            computer.builds.remove(build)
            build.stop_timer()
            build.node = ""
            self._become_buildable(build)

    def maintain_soon(self) -> None:
        """Give out work when everything else of this instant has happened."""
        if not self._planned and self._buckets and self._free:
            self._planned = True
            self._kernel.after(0.0, self._maintain, priority=Priority.STARTS)

    def _become_buildable(self, build: Build) -> None:
        build.timer = None
        build.stage = Stage.BUILDABLE
        self._buckets.setdefault((build.expression, build.pin), {})[build.id] = build
        self.maintain_soon()

    def _leave_bucket(self, build: Build) -> None:
        key = (build.expression, build.pin)
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.pop(build.id, None)
            if not bucket:
                del self._buckets[key]

    def _maintain(self) -> None:
        """Pipelines that resume go first, then whoever has waited longest."""
        self._planned = False
        hopeless: set[Key] = set()
        while self.open and self._free:
            build = self._next(hopeless)
            if build is None:
                return
            computer = next((c for c in self._free.values() if c.takes(build)), None)
            if computer is None:
                hopeless.add((build.expression, build.pin))
            else:
                self._assign(build, computer)

    def _next(self, hopeless: set[Key]) -> Build | None:
        heads = [
            next(iter(bucket.values()))
            for key, bucket in self._buckets.items()
            if key not in hopeless
        ]
        return min(heads, key=lambda b: (b.pin is None, b.id), default=None)

    def _assign(self, build: Build, computer: Computer) -> None:
        self._leave_bucket(build)
        build.stage, build.node = Stage.PENDING, computer.name
        computer.builds.append(build)
        build.timer = self._kernel.after(self._start_seconds(), self._start, build, computer)
        self.offer(computer)
        self._changed(computer)

    def _start(self, build: Build, computer: Computer) -> None:
        del self.items[build.id]
        build.timer = None
        self._starts(build, computer)
        self._changed(computer)
