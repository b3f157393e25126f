"""Which jobs pools need, and what theirs lack on Jenkins."""

import pytest

from tests.facts import pool
from workhorse.core.errors import Refusal
from workhorse.core.jobs import (
    CHECKS,
    FREESTYLE_CLASS,
    MATRIX_CLASS,
    NODE_PARAMETER,
    STRING_PARAMETER,
    JobSpec,
    JobsPolicy,
    Kind,
    Variant,
    lacking,
    needed,
    shortcomings,
)
from workhorse.core.model import Release, Scaling
from workhorse.core.orders import RolloutPolicy

ROLLOUT = RolloutPolicy(smoke_job="smoke")
SMOKE = JobSpec(name="smoke", kind=Kind.SMOKE, label="canary")
"""A job that Jenkins has as it shall be."""


def told(**changes: object) -> dict[str, object]:
    """What Jenkins tells of `SMOKE`."""
    definitions = [{"name": n, "type": STRING_PARAMETER} for n in ("POOL", "IMAGE", "ORDER")]
    return {
        "_class": FREESTYLE_CLASS,
        "buildable": True,
        "concurrentBuild": True,
        "labelExpression": "canary",
        "property": [{}, {"parameterDefinitions": definitions}],
    } | changes


def test_a_pool_needs_the_replace_job_and_others_as_its_settings_have_it() -> None:
    plain = needed([pool("linux")], {}, JobsPolicy())
    assert [(spec.name, spec.kind) for spec in plain] == [("workhorse-replace", Kind.REPLACE)]
    all_three = needed([pool("linux", release=Release.JOB)], {"linux": ROLLOUT}, JobsPolicy())
    assert [spec.kind for spec in all_three] == [Kind.SMOKE, Kind.RELEASE, Kind.REPLACE]
    none = needed([pool("linux")], {"linux": RolloutPolicy(matrix_job="")}, JobsPolicy())
    assert none == ()


def test_a_smoke_job_runs_on_the_canaries_of_its_pool_and_tries_what_the_pool_wants() -> None:
    chosen = JobsPolicy(pool_checks={"gpu": ("nvidia-smi",)}, check_seconds=9)
    rollouts = {"linux": ROLLOUT, "gpu": RolloutPolicy(smoke_job="team/gpu")}
    specs = {s.name: s for s in needed([pool("linux"), pool("gpu")], rollouts, chosen)}
    assert (specs["smoke"].label, specs["smoke"].checks) == ("workhorse-canary-linux", CHECKS)
    assert specs["team/gpu"].label == "workhorse-canary-gpu"
    assert (specs["team/gpu"].checks, specs["team/gpu"].check_seconds) == (("nvidia-smi",), 9)


def test_pools_share_a_replace_job_unless_their_sizes_have_different_writers() -> None:
    pools = [pool("a"), pool("b")]
    (shared,) = needed(pools, {}, JobsPolicy())
    assert (shared.pools, shared.decrement) == (frozenset({"a", "b"}), True)
    with pytest.raises(Refusal, match=r"pools a and b: the job .* \(decrement True and False\)"):
        needed([pool("a"), pool("b", scaling=Scaling.ALARMS)], {}, JobsPolicy())


def test_all_faults_of_the_settings_are_told_at_once() -> None:
    rollouts = {"a": RolloutPolicy(smoke_job="smoke//x"), "b": RolloutPolicy(smoke_job="a?b")}
    with pytest.raises(Refusal) as refused:
        needed([pool("a"), pool("b")], rollouts, JobsPolicy(pool_checks={"c": ("true",)}))
    assert str(refused.value).splitlines() == [
        "jobs.pool_checks.c: must be the name of a pool (a, b)",
        "pool a: the smoke job 'smoke//x': is no name that Jenkins allows",
        "pool b: the smoke job 'a?b': is no name that Jenkins allows",
    ]


def test_each_variant_names_the_plugins_that_it_cannot_be_without() -> None:
    specs = [JobSpec(name=v, kind=Kind.REPLACE, variant=v) for v in Variant]
    assert [sorted(spec.plugins) for spec in specs] == [
        ["matrix-project"],
        ["elastic-axis", "matrix-project"],
        ["nodelabelparameter"],
    ]
    assert JobSpec(name="s", kind=Kind.SMOKE).plugins == frozenset()
    assert lacking(specs, frozenset({"matrix-project", "nodelabelparameter"})) == (
        "elastic: needs the plugin Elastic Axis (elastic-axis), which Jenkins does not have",
    )


def test_a_job_that_is_as_it_shall_be_has_no_shortcomings() -> None:
    assert shortcomings(SMOKE, told()) == ()


@pytest.mark.parametrize(
    ("changes", "lack"),
    [
        ({"_class": MATRIX_CLASS}, f"must be a {FREESTYLE_CLASS}, not a {MATRIX_CLASS}"),
        ({"buildable": False}, "must be enabled"),
        ({"concurrentBuild": False}, "must allow concurrent builds"),
        ({"labelExpression": None}, "must be assigned to 'canary', not to None"),
    ],
)
def test_each_shortcoming_is_a_sentence(changes: dict[str, object], lack: str) -> None:
    assert shortcomings(SMOKE, told(**changes)) == (f"smoke: {lack}",)


def test_parameters_that_are_missing_or_of_another_type_are_named_with_their_plugin() -> None:
    release = JobSpec(name="r", kind=Kind.RELEASE, label="canary")
    strings = [{"name": n, "type": STRING_PARAMETER} for n in ("NODE", "GROUP", "HOOK")]
    found = shortcomings(release, told(property=[{"parameterDefinitions": strings}]))
    plugin = "is the plugin NodeLabel Parameter (nodelabelparameter) missing?"
    assert found == (
        f"r: must have the parameter NODE of type {NODE_PARAMETER}: {plugin}",
        f"r: must have the parameter INSTANCE of type {STRING_PARAMETER}",
    )


@pytest.mark.parametrize(
    ("variant", "names", "fine"),
    [
        (Variant.NODES, ["label=workhorse-nobody"], True),
        (Variant.NODES, ["label=i-a", "label=i-b"], True),
        (Variant.NODES, [], False),
        (Variant.NODES, ["default"], False),
        (Variant.ELASTIC, [], True),
        (Variant.ELASTIC, ["default"], False),
    ],
)
def test_an_axis_is_told_by_the_names_of_its_combinations(
    variant: Variant, names: list[str], *, fine: bool
) -> None:
    spec = JobSpec(name="m", kind=Kind.REPLACE, variant=variant)
    strings = [{"name": n, "type": STRING_PARAMETER} for n in ("ORDER", "NODES")]
    answer = told(
        _class=MATRIX_CLASS,
        labelExpression=None,
        property=[{"parameterDefinitions": strings}],
        activeConfigurations=[{"name": name} for name in names],
    )
    found = shortcomings(spec, answer)
    assert (found == ()) is fine
    assert all("must have an axis named label" in each for each in found)
    assert ("Elastic Axis" in "".join(found)) is (not fine and variant is Variant.ELASTIC)
