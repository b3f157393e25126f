"""The executor `shell`: a command of the operator's makes the size true, as `terraform apply` can.

The loops are one thread and a command may take minutes, so it runs in the background: a tick begins
it, later ticks look whether it has ended, and one pool has one command at a time, over all
processes.
A wish that comes while another is carried out is refused and not kept: a size that was right when
it was decided may be wrong when the command has ended, and too small a one would have Auto Scaling
choose which agent to end. The tick after the end decides anew, so the newest wish wins.

What ends agents is the drain, as always; a command only ever raises the desired capacity or calls
launches off.
"""

import contextlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from workhorse.adapters.lock import taken
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.model import Group, Pool
from workhorse.executors.asked import Asked
from workhorse.executors.command import Command
from workhorse.executors.template import CommandTemplate
from workhorse.loops.ports import Outside

PASSED_ON = ("HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
"""What a command is given of the controller's environment, with all that begins with `AWS_`."""

DECLARATIVE = ("size", "queued_size")
"""The numbers that a declarative command may name."""

NOT_DECLARATIVE = (*DECLARATIVE, "delta")
"""The numbers that another command may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Runs a command, a Jinja2 template; see docs/executors.md."""

    command: str
    """For `/bin/sh`; may name `pool`, `size` and `queued_size`, and `delta` if not declarative."""
    declarative: bool = True
    """The command makes the size what it is told, however often; false: it adds `delta` agents."""
    timeout_seconds: float = 300
    """What the command may take, of real time; then everything that it started is ended."""
    cwd: str = ""
    """The folder it runs in; empty for the controller's."""
    environment: tuple[str, ...] = ()
    """Further variables of the controller's environment that it is given."""

    def __post_init__(self) -> None:
        """Check what can be checked without a pool."""
        if not 0 < self.timeout_seconds <= 24 * 3600:
            raise ValueError(
                f"timeout_seconds: {self.timeout_seconds:g}: must be above 0, a day at most"
            )
        if self.cwd and not Path(self.cwd).is_dir():
            raise ValueError(f"cwd: {self.cwd!r}: must be a folder")

    def executor(self, pool: Pool, outside: Outside) -> "ShellExecutor":
        """The executor of that pool.

        Raises:
            Refusal: the command is no template or names what is not known.
        """
        return ShellExecutor(self, pool, outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a command was told."""

    pool: str
    size: int
    queued_size: int
    delta: int


class ShellExecutor:
    """A `loops.ports.Executor`; `Shell` says by which options."""

    def __init__(self, options: Shell, pool: Pool, outside: Outside) -> None:
        self._names = DECLARATIVE if options.declarative else NOT_DECLARATIVE
        self._template = CommandTemplate(options.command, pool, self._names)
        missing = [name for name in options.environment if name not in outside.environ]
        if missing:
            rule = "must be in the controller's environment"
            key = f"pool {pool.name}: executor_options.environment"
            raise Refusal(f"{key}: {missing[0]!r}: {rule}")
        self._options = options
        self._outside = outside
        self._lock = outside.folder / f"executor-{pool.name}.lock"
        self._asked = Asked(pool, outside.journal)
        self._wish: _Wish | None = None
        self._begun_at = 0.0
        self._command: Command | None = None

    def resize(self, pool: Pool, size: int, queued_size: int) -> None:
        """Begin the command, unless that very size is being made or is there.

        Raises:
            Surprise: a command runs for another size, the group could not be read, or its size
                must not be lowered so far; nothing was begun.
        """
        self.poll()
        if self._wish is not None:
            if self._wish.size == size:
                return
            raise Surprise(f"the command of pool {pool.name} for size {self._wish.size} still runs")
        group = self._group(pool)
        _check_lowering(group, size)
        now = self._outside.clock.now()
        from_size = group.desired if self._options.declarative else self._asked.base(group, now)
        if from_size != size:
            delta = size - from_size
            self._begin(
                _Wish(pool=pool.name, size=size, queued_size=queued_size, delta=delta), group, now
            )

    def poll(self) -> None:
        """Journal how the command ended, once it has."""
        if self._command is None or self._wish is None or (ended := self._command.ended) is None:
            return
        wish, self._command, self._wish = self._wish, None, None
        if ended.told:
            self._asked.failed()
        self._note(
            "command",
            **asdict(wish),
            code=ended.code,
            expired=ended.expired,
            seconds=round(ended.at - self._begun_at, 1),
            output=list(ended.output),
        )
        if ended.told:
            told = f"the command of pool {wish.pool} for size {wish.size} {ended.told}"
            self._note("failed", effect="SetDesiredCapacity", error=told)

    def close(self) -> None:
        """Wait for the command's end, at most its limit: a change cut short is worse than late."""
        if self._command is not None:
            self._command.wait()
            self.poll()

    def _group(self, pool: Pool) -> Group:
        group = self._outside.cloud.groups([pool.group]).get(pool.group)
        if group is None:
            raise Surprise(f"Auto Scaling has no group {pool.group!r}")
        return group

    def _begin(self, wish: _Wish, group: Group, now: float) -> None:
        text = self._template.text(**{name: getattr(wish, name) for name in self._names})
        lock = self._locked(wish.pool)
        try:
            self._asked.begins(group, wish.size, now)
            self._command = Command(
                text,
                cwd=self._options.cwd or None,
                environ=self._environ(),
                limit_seconds=self._options.timeout_seconds,
                lock=lock,
                now=self._outside.clock.now,
            )
        except Surprise:
            self._asked.failed()
            raise
        finally:
            os.close(lock)  # The command has its own by now, and all that it starts.
        self._wish, self._begun_at = wish, now

    def _locked(self, pool: str) -> int:
        try:
            lock = taken(self._lock)
        except OSError as wrong:
            raise Surprise(f"{self._lock}: cannot be made: {wrong}") from wrong
        if lock is None:
            raise Surprise(f"a command that another controller began for pool {pool} still runs")
        return lock

    def _environ(self) -> dict[str, str]:
        names = {*PASSED_ON, *self._options.environment}
        environ = self._outside.environ.items()
        return {k: v for k, v in environ if k in names or k.startswith("AWS_")}

    def _note(self, kind: str, **facts: object) -> None:
        """Journal what is only told; where that fails, the meters stop too, and the alarm tells."""
        with contextlib.suppress(Surprise):
            self._outside.journal.write({"at": self._outside.clock.now(), "kind": kind, **facts})


def _check_lowering(group: Group, size: int) -> None:
    """A command is slow: a launch may begin while it calls that launch off.

    Then Auto Scaling chooses an agent to end, and only the hook makes it wait for the build there.
    """
    if size >= group.desired:
        return
    if size < group.members:
        rule = f"must not be lowered below the {group.members} instances that exist"
    elif group.hook is None:
        rule = "must not be lowered by a command: no termination hook would wait for builds"
    else:
        return
    raise Surprise(f"{group.name}: desired capacity {group.desired} -> {size}: {rule}")
