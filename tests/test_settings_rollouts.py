"""The table `[pool.rollout]`: what is accepted, and every fault at once."""

from dataclasses import fields

from tests.test_settings import BY_PARAMETER, LEAST, POOL, WINDOWS, faults
from workhorse.core.orders import Budget, RolloutPolicy
from workhorse.core.planners.windows import Window
from workhorse.settings import parse, reference
from workhorse.settings.rollouts import RolloutSettings

ALL = """
[pool.rollout]
waves = [25, 100]
bake_seconds = 60
max_unavailable = 20
surge = 2
queue_wait_seconds = 120
max_failed = 5
canary_seconds = 240
smoke_job = "team/smoke"
smoke_seconds = 900
matrix_job = "team/replace"
[[pool.rollout.budgets]]
percent = 0
days = "mon-fri"
start = "08:00"
end = "18:00"
zone = "Europe/Berlin"
"""
WRONG = """
[pool.rollout]
waves = [50, 10]
max_unavailable = 0
surge = -1
wave = 3
[[pool.rollout.budgets]]
percent = 101
days = "monday"
zone = "Mars"
"""


def test_a_pool_without_the_table_has_the_defaults_of_the_core() -> None:
    settings = parse(LEAST + POOL)
    assert settings.rollouts(settings.pools(lambda _: "")) == {"linux": RolloutPolicy()}
    assert settings.loop.orders_seconds == 5


def test_every_key_arrives() -> None:
    settings = parse(LEAST + POOL + ALL)
    window = Window(days="mon-fri", start="08:00", end="18:00", zone="Europe/Berlin")
    assert settings.rollouts(settings.pools(lambda _: "")) == {
        "linux": RolloutPolicy(
            waves=(25, 100),
            bake_seconds=60,
            max_unavailable=20,
            surge=2,
            budgets=(Budget(percent=0, window=window),),
            queue_wait_seconds=120,
            max_failed=5,
            canary_seconds=240,
            smoke_job="team/smoke",
            smoke_seconds=900,
            matrix_job="team/replace",
        )
    }


def test_a_pool_whose_numbers_are_in_ssm_may_have_the_table_too() -> None:
    settings = parse(LEAST + BY_PARAMETER + "[pool.rollout]\nsurge = 3\n")
    assert settings.rollouts(settings.pools(lambda _: WINDOWS))["windows"].surge == 3


def test_every_fault_is_told_at_once_with_its_key() -> None:
    told = faults(LEAST + POOL + WRONG)
    assert told == [
        "pool[0].rollout.waves: [50, 10]: must rise from above 0 to 100",
        "pool[0].rollout.max_unavailable: 0: must be greater than 0",
        "pool[0].rollout.surge: -1: must be greater than or equal to 0",
        "pool[0].rollout.budgets[0].percent: 101: must be less than or equal to 100",
        (
            'pool[0].rollout.budgets[0].days: "monday": '
            "must be of mon, tue, wed, thu, fri, sat, sun and ranges of them"
        ),
        'pool[0].rollout.budgets[0].zone: "Mars": must be a time zone of the IANA database',
        "pool[0].rollout.wave: 3: is no setting here",
    ]


def test_the_table_has_exactly_the_keys_of_the_policy_and_the_reference_lists_them() -> None:
    keys = {f.name for f in fields(RolloutPolicy)}
    listed = reference()
    assert set(RolloutSettings.model_fields) == keys
    for key in keys:
        assert f"| `pool[].rollout.{key}` |" in listed
    assert "| `pool[].rollout.budgets[].percent` | number | required |" in listed
