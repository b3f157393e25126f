"""Independent tasks over processes of this machine or a Dask cluster, gone on with after a kill.

A task is a function of a module, its arguments, and a key: a digest of all that its result depends
on, the package's own code included.
What a task returns is plain JSON, and the same wherever it ran.
Each result is kept as a line of a file as soon as it is there, by one write; a run that was killed
finds it by its key and does not run the task again.
What fails is told and not kept, and the other tasks go on.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from dataclasses import asdict, dataclass, is_dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workhorse import plugins
from workhorse.core.errors import Misuse, Surprise

_COUNTED = ("core", "loops", "sim", "plugins.py")
"""The parts of the package that a result may depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A call to make: `run(*arguments)`, all of it picklable, the answer plain JSON."""

    name: str
    """What people are shown."""
    key: str
    """Equal keys have equal results; see `digest`."""
    run: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How one task ended."""

    task: Task
    value: Any = None
    """What it returned; None when it failed."""
    fault: str = ""
    """Why there is no value; empty when there is one."""
    kept: bool = False
    """It was not run: an earlier run had kept its value."""


class Kept:
    """The values of finished tasks in a file of JSON lines.

    A line that is torn, by a kill in the middle of a write, is skipped and closed by a line feed.

    Args:
        path: the file, made with its folder when there is none.

    Raises:
        Surprise: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = path.read_bytes() if path.exists() else b""
            if whole and not whole.endswith(b"\n"):
                self._append(b"\n")
        except OSError as wrong:
            raise Surprise(f"results {path}: {wrong}") from wrong
        for line in whole.splitlines():
            self._remember(line)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - whatever the task returned
        return self._values[key]

    def keep(self, task: Task, value: Any) -> None:  # noqa: ANN401 - the same
        """Append one value; it is on disk when this returns.

        Raises:
            Surprise: the file could not be written.
        """
        line = json.dumps({"key": task.key, "name": task.name, "value": value})
        try:
            self._append(line.encode() + b"\n")
        except OSError as wrong:
            raise Surprise(f"results {self._path}: {wrong}") from wrong
        self._values[task.key] = value

    def _append(self, line: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            if os.write(file, line) != len(line):
                raise OSError("the disk took a part of a line only")
            os.fsync(file)
        finally:
            os.close(file)

    def _remember(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            self._values[record["key"]] = record["value"]
        except (ValueError, KeyError, TypeError):
            return


def digest(*parts: Any) -> str:  # noqa: ANN401 - dataclasses and plain values
    """A key of what a result depends on: the parts, and the code that makes it of them.

    Args:
        parts: plain values, and dataclasses and collections of such.

    Raises:
        Misuse: a part is neither.
    """
    told = json.dumps([code_digest(), *parts], default=_plain, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


@cache
def code_digest() -> str:
    """A digest of the code that results depend on, and of the packages that bring planners."""
    home = Path(__file__).resolve().parent.parent
    files = [file for part in _COUNTED for file in _sources(home / part)]
    groups = (plugins.PLANNERS, plugins.EXECUTORS)
    brought = {
        f"{point.name}={point.value} {point.dist.name}=={point.dist.version}"
        for group in groups
        for point in entry_points(group=group)
        if point.dist is not None
    }
    sum_ = hashlib.sha256("\n".join(sorted(brought)).encode())
    for file in files:
        sum_.update(str(file.relative_to(home)).encode() + b"\0" + file.read_bytes())
    return sum_.hexdigest()[:32]


def _sources(part: Path) -> list[Path]:
    return sorted(part.rglob("*.py")) if part.is_dir() else [part]


def _plain(value: Any) -> Any:  # noqa: ANN401 - see digest
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: asdict(value)}
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise Misuse(f"a key is made of plain values and dataclasses, not of {value!r}")


def spread(
    tasks: Sequence[Task],
    executor: Executor,
    *,
    kept: Kept | None = None,
    console: Console | None = None,
    title: str = "tasks",
) -> tuple[Done, ...]:
    """Run the tasks that are not kept yet, and tell how all ended, in their order.

    Args:
        tasks: what to do; tasks of one key are run once.
        executor: where, see `workhorse.sim.workers`.
        kept: values from before, and where new ones go.
        console: where the progress bar and faults are shown; None for nowhere.
        title: what the progress bar is called.

    Raises:
        Surprise: a process died, as one does that takes too much memory; what had ended is kept.
    """
    ended = {
        task.key: Done(task=task, value=kept[task.key], kept=True)
        for task in tasks
        if kept is not None and task.key in kept
    }
    to_run = {task.key: task for task in tasks if task.key not in ended}
    with _progress(console) as progress:
        bar = progress.add_task(title, total=len(ended) + len(to_run), completed=len(ended))
        for done in _run(tuple(to_run.values()), executor):
            ended[done.task.key] = done
            if not done.fault:
                if kept is not None:
                    kept.keep(done.task, done.value)
            elif console is not None:
                progress.console.print(f"{done.task.name}: {done.fault}", markup=False)
            progress.advance(bar)
    return tuple(replace(ended[task.key], task=task) for task in tasks)


def _progress(console: Console | None) -> Progress:
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*shown, TimeElapsedColumn(), console=console, disable=console is None)


def _run(tasks: Sequence[Task], executor: Executor) -> Iterator[Done]:
    """Each task's end as it comes."""
    try:
        futures = {executor.submit(_json, task.run, task.arguments): task for task in tasks}
        for future in as_completed(futures):
            yield _ended(futures[future], future)
    except BrokenExecutor as wrong:
        raise Surprise(f"the work ended before its time: {wrong}") from wrong


def _json(run: Callable[..., Any], arguments: Iterable[Any]) -> Any:  # noqa: ANN401 - as the task's
    """Call, and give back what a file would give back: the same whether kept or not."""
    return json.loads(json.dumps(run(*arguments)))


def _ended(task: Task, future: "Future[Any]") -> Done:
    if future.cancelled():
        return Done(task=task, fault="was cancelled")
    wrong = future.exception()
    if isinstance(wrong, BrokenExecutor):
        raise wrong
    if wrong is not None:
        return Done(task=task, fault=f"{type(wrong).__name__}: {wrong}")
    return Done(task=task, value=future.result())
