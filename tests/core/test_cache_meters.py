"""The meters of the cache."""

from collections import Counter

from tests.core.test_volumes import held, volume
from workhorse.core.cache_meters import Outcome, cache_meters
from workhorse.core.volume import Volume


def measured(
    *volumes: Volume, outcomes: Counter[Outcome] | None = None, ages: tuple[float, ...] = ()
) -> dict[str, float]:
    found = cache_meters("linux", outcomes or Counter(), ages, volumes)
    assert {meter.pool for meter in found} == {"linux"}
    return {meter.name: meter.value for meter in found}


def test_claims_are_told_by_what_became_of_them_though_there_were_none() -> None:
    outcomes = Counter({Outcome.HIT: 3, Outcome.FAILED: 1})

    assert measured(outcomes=outcomes) == {"CacheHits": 3, "CacheMisses": 0, "CacheFailures": 1}
    assert set(measured().values()) == {0}


def test_the_age_is_the_mean_of_the_volumes_that_were_given() -> None:
    assert measured(ages=(60.0, 120.0))["CacheAgeSeconds"] == 90.0


def test_the_fill_is_that_of_the_fullest_and_free_are_those_that_can_be_claimed() -> None:
    found = measured(
        volume(fill=0.25),
        held("vol-2", fill=0.75),
        volume("vol-3", foreign=True),
        volume("vol-4", pool="gpu", fill=1.0),
    )

    assert (found["CacheFill"], found["CacheFree"]) == (75.0, 1)
