"""What every test runs under: Hypothesis' profiles, an order, and boto3's descriptions read once.

`house` is the default: the same examples every time, no deadline (two cores are shared by
several workers, so a slow example says nothing), no database. `deep` searches for long and at
random: `python -m pytest --hypothesis-profile=deep tests/properties`.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "deep", deadline=None, max_examples=5_000, stateful_step_count=60, print_blob=True
)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the stories: they mostly wait, and other workers have much to do meanwhile.

    A worker takes from the end of another's list, so tests that share a story stay together;
    at the end of all tests two workers would each tell it.
    """
    items.sort(key=lambda item: not item.nodeid.startswith("tests/e2e/"))


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
