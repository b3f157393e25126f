"""How long the properties are tried.

A long run by chance: `pytest tests/properties --hypothesis-profile=deep --timeout=0`.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings

_CALM = (HealthCheck.too_slow, HealthCheck.filter_too_much)

settings.register_profile(
    "promises",
    max_examples=300,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=_CALM,
)
settings.register_profile(
    "deep",
    max_examples=5_000,
    stateful_step_count=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=_CALM,
)


@pytest.fixture(scope="session")
def effort() -> settings:
    """The settings that the properties run by."""
    deep = settings.get_current_profile_name() == "deep"
    return settings.get_profile("deep" if deep else "promises")


@pytest.fixture(scope="session")
def quick(effort: settings) -> settings:
    """The same, to find one failure and not to make it small."""
    return settings(effort, phases=(Phase.generate,), max_examples=300)
