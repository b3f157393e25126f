"""What every test runs under: Hypothesis' profiles, an order, time, boto3's descriptions read once.

`house` is the default: the same examples every time, no deadline and no complaint of slow ones (two
cores are shared by several workers, so a slow example says nothing), no database. `deep` searches
for long and at random: `python -m pytest --hypothesis-profile=deep tests/properties`.
"""

import gc
import os
import signal
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.register_profile(
    "deep", deadline=None, max_examples=5_000, stateful_step_count=60, print_blob=True
)
settings.load_profile("house")

STORIES = "tests/e2e/"


def pytest_configure(config: pytest.Config) -> None:
    """Let the stories go first: the other workers are nice to the one that begins with them.

    In a story seconds of virtual time pass by hundreds while its processes wait for a processor,
    which nothing but our own tests need.
    """
    _hear_signals()
    worker = getattr(config, "workerinput", {"workerid": "gw0"})["workerid"]
    if worker != "gw0":
        os.nice(10)


def _hear_signals() -> None:
    """Undo what `nohup` and a shell's `&` do: the processes of tests would ignore signals too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the stories: they mostly wait, and other workers have much to do meanwhile.

    A worker takes from the end of another's list, where tests that share a story would be parted,
    and two workers each tell it: so those of which most tests are come first.
    """
    sizes = Counter(item.path for item in items if not item.get_closest_marker("slow"))
    items.sort(key=lambda item: -sizes[item.path] if item.nodeid.startswith(STORIES) else 1)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def descriptions_of_aws() -> Iterator[None]:
    """Read botocore's descriptions of services once in a process, and not for every session.

    Botocore keeps them per session and changes nothing in them but to add its own extras, which
    may be added again.
    """
    once = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: once(path))
        yield
