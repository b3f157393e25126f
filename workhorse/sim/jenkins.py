"""A simulated Jenkins: agents, builds and restarts, as jenkins.md measured them.

A restart kills freestyle builds; pipelines resume on *their* node within five minutes, and until
their items are back in the queue the API shows neither them nor a busy executor.
A machine that dies takes its builds with it; Jenkins shows a pipeline's executor busy for five
minutes more.
The queue is `scheduler.py`; nothing here knows of AWS. Times are seconds of the kernel.
"""

from itertools import count

from workhorse.core.errors import Missing, Unreadable
from workhorse.sim.builds import Build, Computer, Errand, Stage, Timings
from workhorse.sim.ghosts import RESUME_LIMIT_SECONDS, ghosts, haunt
from workhorse.sim.history import History
from workhorse.sim.kernel import Kernel, Priority
from workhorse.sim.scheduler import Scheduler
from workhorse.sim.truth import Hand, Kill, Truth


class SimJenkins:
    """One controller; `truth` gets what became of its builds.

    Args:
        kernel: time.
        truth: where ends and kills are counted.
    """

    def __init__(self, kernel: Kernel, truth: Truth) -> None:
        self.kernel = kernel
        self.truth = truth
        self.timings = Timings()
        self.history = History()
        self.up = True
        self.computers: dict[str, Computer] = {}
        self.suspended: dict[str, list[Build]] = {}
        """Node to the pipelines that have to resume there and have not yet."""
        self.changed: set[str] = set()
        """Nodes whose fact is out of date."""
        self.queue = Scheduler(
            kernel,
            start_seconds=lambda: self.timings.start,
            starts=self._run,
            changed=lambda computer: self.changed.add(computer.name),
        )
        self._boots = 1
        self._ids = count(1)
        self._quieting_down = False

    @property
    def session(self) -> str:
        """X-Jenkins-Session."""
        return f"{self._boots:08x}"

    @property
    def quieting_down(self) -> bool:
        """No builds are started until it is cancelled, or Jenkins restarts."""
        return self._quieting_down

    @quieting_down.setter
    def quieting_down(self, value: bool) -> None:
        self._quieting_down = value
        self.queue.open = self.up and not value
        self.queue.maintain_soon()

    def submit(
        self,
        task: str,
        seconds: float,
        expression: str | None = None,
        *,
        pipeline: bool = False,
        errand: Errand | None = None,
    ) -> Build:
        """Queue a build that will run for `seconds`; one that is an errand has no quiet period.

        Raises:
            Unreadable: Jenkins is down.
        """
        if not self.up:
            raise Unreadable("Jenkins is starting")
        now = self.kernel.now
        build = Build(
            id=next(self._ids),
            task=task,
            expression=expression,
            remaining=seconds,
            since=now,
            due=now + (0.0 if errand else self.timings.quiet),
            pipeline=pipeline,
            errand=errand,
        )
        self.queue.add(build)
        return build

    # Nodes and their agents.

    def connect(
        self, name: str, labels: frozenset[str], executors: int = 1, *, exclusive: bool = False
    ) -> bool:
        """An agent registers its node, or comes back to it; False while it cannot."""
        computer = self.computers.get(name)
        if not self.up or (computer and computer.ghost):
            return False
        if computer is None:
            computer = Computer(name=name, labels=labels, exclusive=exclusive, executors=executors)
            computer.heed()
            self.computers[name] = computer
        computer.online = True
        self._touch(computer)
        return True

    def reconfigure(self, name: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Somebody writes labels and mode of a node; effective for the next assignment."""
        computer = self.computer(name)
        if (computer.labels, computer.exclusive) == (labels, exclusive):
            return
        computer.labels, computer.exclusive = labels, exclusive
        self.changed.add(name)
        if self.timings.label_lag:
            self.kernel.after(self.timings.label_lag, self._heed, computer)
        else:
            self._heed(computer)

    def computer(self, name: str) -> Computer:
        """The computer of that name; raises `Missing` when there is no such node."""
        if not self.has_node(name):
            raise Missing(f"Jenkins has no node {name}")
        return self.computers[name]

    def has_node(self, name: str) -> bool:
        """A node of that name stands in the configuration."""
        found = self.computers.get(name)
        return found is not None and not found.ghost

    def set_executors(self, name: str, executors: int) -> None:
        """Change a node's executors; running builds go on."""
        computer = self.computer(name)
        computer.executors = executors
        self._touch(computer)

    def mark(self, name: str, *, temporarily_offline: bool) -> None:
        """Somebody takes a node out of work, or puts it back; running builds go on."""
        computer = self.computer(name)
        computer.temporarily_offline = temporarily_offline
        if temporarily_offline:
            self.queue.give_back(computer)
        self._touch(computer)

    def cut(self, name: str, hand: Hand, *, died: bool) -> None:
        """An agent's connection ends; `died` when its machine did, and all that ran on it."""
        if died:
            self._kill_suspended(name, hand)
        computer = self.computers.get(name)
        if computer is None:
            return
        computer.online = False
        self.queue.give_back(computer)
        for build in tuple(computer.builds):
            if not build.pipeline:
                self._kill(build, name, hand)
                computer.builds.remove(build)
            elif died:
                # Jenkins keeps the executor busy while it waits for the node; the build is lost.
                self._kill(build, name, hand)
                self.kernel.after(RESUME_LIMIT_SECONDS, self._let_go, computer, build)
        self._touch(computer)

    def delete(self, name: str, hand: Hand) -> None:
        """Somebody deletes a node: what runs on it dies; done as well when there is none."""
        computer = self.computers.pop(name, None)
        if computer is None:
            return
        self.queue.give_back(computer)
        self.queue.withdraw(computer)
        for build in computer.builds:
            self._kill(build, name, hand)
        self._kill_suspended(name, hand)
        self.changed.add(name)
        haunt(self.computers, computer, self.kernel, self.delete)

    def running_on(self, name: str) -> list[Build]:
        """The builds that would be lost with this node now; an errand is none."""
        computer = self.computers.get(name)
        running = [b for b in (computer.builds if computer else ()) if b.stage is Stage.RUNNING]
        return [b for b in (*running, *self.suspended.get(name, ())) if b.errand is None]

    # Restarts.

    def stop(self, *, crash: bool = False) -> None:
        """Jenkins goes down; a crash forgets the queue as well."""
        self.up = self.queue.open = self._quieting_down = False
        self._boots += 1
        for name in ghosts(self.computers.values()):
            self.delete(name, Hand.RESTART)
        for computer in self.computers.values():
            computer.online = False
            self.queue.give_back(computer)
            for build in computer.builds:
                self._survive(build, computer)
            computer.builds.clear()
            self._touch(computer)
        for build in tuple(self.queue.items.values()) if crash else ():
            if build.pin is None:
                self.queue.remove(build)
                build.stop_timer()
                build.stage = Stage.OVER
                self.truth.lost_items += build.errand is None
                build.tell(None)

    def start(self) -> None:
        """Jenkins is up again; its agents are offline until they connect."""
        self.up = self.queue.open = True
        for builds in self.suspended.values():
            for build in builds:
                self.kernel.after(self.timings.resume, self._resume, build)
                self.kernel.after(RESUME_LIMIT_SECONDS, self._abort, build)
        self.queue.maintain_soon()

    def _survive(self, build: Build, computer: Computer) -> None:
        if build.stage is not Stage.RUNNING or not build.pipeline:
            self._kill(build, computer.name, Hand.RESTART)
            return
        build.stop_timer()
        build.remaining = max(0.0, build.remaining - (self.kernel.now - build.resumed_at))
        build.stage, build.pin = Stage.SUSPENDED, computer.name
        self.suspended.setdefault(computer.name, []).append(build)

    def _resume(self, build: Build) -> None:
        if build.stage is Stage.SUSPENDED and self.up:
            self.queue.add(build)

    def _abort(self, build: Build) -> None:
        if build.pin is not None and build in self.suspended.get(build.pin, ()):
            self._kill(build, build.pin, Hand.RESTART)
            self._forget_suspended(build, build.pin)

    def _kill_suspended(self, name: str, hand: Hand) -> None:
        for build in self.suspended.pop(name, []):
            self._kill(build, name, hand)

    def _forget_suspended(self, build: Build, name: str) -> None:
        waiting = self.suspended.get(name, [])
        if build in waiting:
            waiting.remove(build)
            if not waiting:
                del self.suspended[name]

    # Builds.

    def _run(self, build: Build, computer: Computer) -> None:
        self._forget_suspended(build, computer.name)
        build.stage, build.pin = Stage.RUNNING, None
        build.resumed_at = self.kernel.now
        if build.started_at is None:
            build.started_at = self.kernel.now
            build.estimated_seconds = self.history.begun(build.task, build.id)
        build.timer = self.kernel.after(
            build.remaining, self._finish, build, computer, priority=Priority.ENDS
        )

    def _finish(self, build: Build, computer: Computer) -> None:
        build.stage, build.timer = Stage.OVER, None
        computer.builds.remove(build)
        self._touch(computer)
        if build.errand is not None:
            build.tell(computer.name)
            return
        now, began = self.kernel.now, build.started_at or build.since
        self.history.ended(build.task, build.id, now - began)
        self.truth.finished.append(build.finish(now, computer.name))

    def _kill(self, build: Build, node: str, hand: Hand) -> None:
        if build.stage is Stage.OVER:
            return
        self.queue.remove(build)
        build.stop_timer()
        build.stage = Stage.OVER
        build.tell(None)
        if build.errand is None:
            self.truth.kills.append(
                Kill(at=self.kernel.now, build=build.id, task=build.task, node=node, hand=hand)
            )

    def _let_go(self, computer: Computer, build: Build) -> None:
        if build in computer.builds:
            computer.builds.remove(build)
            self._touch(computer)

    def _heed(self, computer: Computer) -> None:
        computer.heed()
        self._touch(computer)

    def _touch(self, computer: Computer) -> None:
        self.changed.add(computer.name)
        if self.computers.get(computer.name) is computer:
            self.queue.offer(computer)
