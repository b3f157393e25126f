"""What runs tasks: processes of this machine, or the workers of a Dask cluster.

Both are a `concurrent.futures.Executor`, so that `spread` need not know which it has.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import cast

from workhorse.core.errors import Refusal
from workhorse.sim.spread import code_digest

CONNECT_SECONDS = 10
"""How long the scheduler of a cluster may take to answer."""


@contextmanager
def workers(jobs: int, scheduler: str = "") -> Iterator[Executor]:
    """What runs tasks: `jobs` processes of this machine, or the cluster of a Dask scheduler.

    On the way out by an error or an interrupt nothing is waited for: the processes end.

    Args:
        jobs: how many processes; not looked at when there is a scheduler.
        scheduler: its address, as in `tcp://127.0.0.1:8786`; empty for this machine.

    Raises:
        Refusal: `jobs` is below 1, nobody answers at the address, or no worker is there, or
            one of other code.
    """
    if scheduler:
        with _cluster(scheduler) as executor:
            yield executor
    elif jobs < 1:
        raise Refusal(f"--jobs: {jobs}: must be at least 1")
    else:
        with _processes(jobs) as executor:
            yield executor


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with, initargs=(theirs,))
    finished = False
    try:
        yield pool
        finished = True
    finally:
        if not finished:
            ours.close()
        pool.shutdown(wait=True, cancel_futures=True)
        ours.close()
        theirs.close()


def _end_with(theirs: Connection) -> None:
    """End this process as soon as its parent closes the pipe, which a killed one does too.

    An interrupt from the terminal reaches parent and children alike: the parent decides.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_await_end, args=(theirs,), daemon=True).start()


def _await_end(theirs: Connection) -> None:
    try:
        theirs.recv_bytes()
    except EOFError:
        os._exit(1)


@contextmanager
def _cluster(scheduler: str) -> Iterator[Executor]:
    from distributed import Client  # noqa: PLC0415 - half a second, and only where it is asked for

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]  # it ships none
    except (OSError, ValueError) as wrong:
        rule = "must be the address of a running Dask scheduler"
        raise Refusal(f"--scheduler: {scheduler}: {rule}: {wrong}") from wrong
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except OSError as wrong:
            raise Refusal(f"--scheduler: {scheduler}: must have a worker") from wrong
        _refuse_strangers(client.run(code_digest), code_digest())
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]  # it ships none
        try:
            yield cast("Executor", executor)
        finally:
            executor.shutdown(wait=False)


def _refuse_strangers(theirs: Mapping[str, str], ours: str) -> None:
    """What is kept under a digest of our code must have been made by it."""
    strangers = sorted(worker for worker, code in theirs.items() if code != ours)
    if strangers:
        raise Refusal(f"--scheduler: {strangers[0]}: must run the same workhorse as we do")
