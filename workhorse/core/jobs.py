"""The jobs that workhorse needs on Jenkins: which, with what in them, and what they lack there.

Three kinds. The *release* job completes the termination hook of the agent that it runs on. A
*smoke* job tries a canary, one job for each pool. The *replace* job ends the instances of the
agents that it is told, a run on each, alone there.

What a job is made of is decided here; the text of its config.xml is rendered from a template
(`workhorse/jenkins_jobs`), and what of two such texts counts as equal is `core/job_config.py`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workhorse.core.errors import Refusal
from workhorse.core.model import Pool, Release, Scaling
from workhorse.core.orders import RolloutPolicy
from workhorse.core.word import Word

CANARY_LABEL = "workhorse-canary-"
"""With the pool's name behind it: the one label of a canary."""

NODE_PARAMETER = "NodeParameterDefinition"
STRING_PARAMETER = "StringParameterDefinition"
"""Types of parameter definitions, as the remote API tells them."""

MATRIX_CLASS = "hudson.matrix.MatrixProject"
FREESTYLE_CLASS = "hudson.model.FreeStyleProject"

AXIS = "label"
"""Name of the replace job's axis: our reading of the queue takes its values for labels."""

NOBODY = "workhorse-nobody"
"""The axis value of a replace job that has not run yet; no agent carries such a label."""

PLUGINS = {
    "nodelabelparameter": "NodeLabel Parameter",
    "matrix-project": "Matrix Project",
    "elastic-axis": "Elastic Axis",
}
"""The plugins whose elements Jenkins would else drop without a word: short name and title."""

CHECKS = (
    "java -version",
    "git --version",
    "if command -v docker; then docker info; fi",
    'set -- $(df --output=avail -k .); test "$2" -ge 1048576',
)
"""What a smoke job tries where the settings name nothing: the last is 1 GiB of free disk."""


class Kind(Word):
    """What a job is for; also the name of its template."""

    RELEASE = "release"
    SMOKE = "smoke"
    REPLACE = "replace"


class Variant(Word):
    """How the replace job comes to run once on each of the agents that leave."""

    NODES = "nodes"
    """A matrix over a label axis of node names: needs the matrix-project plugin."""
    ELASTIC = "elastic"
    """A matrix over an elastic axis, which leaves out agents that are offline when it starts."""
    PINNED = "pinned"
    """No matrix but one build a node, pinned by a Node parameter of the NodeLabel plugin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsPolicy:
    """What may be chosen of the jobs' contents."""

    variant: Variant = Variant.NODES
    checks: tuple[str, ...] = CHECKS
    """Shell commands, each a check of a smoke job; it passes when all of them exit with 0."""
    pool_checks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Instead of `checks`, by the pool's name."""
    check_seconds: int = 120
    """How long one check may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job as it shall be."""

    name: str
    """With the folders that it is in, as `team/workhorse-release`."""
    kind: Kind
    variant: Variant = Variant.NODES
    """Of a replace job."""
    label: str = ""
    """The label that it is assigned to; empty where a parameter or an axis says where."""
    decrement: bool = True
    """Of a replace job: the group becomes smaller with each agent, and demand says by how much it
    grows again."""
    checks: tuple[str, ...] = ()
    check_seconds: int = 120
    pools: frozenset[str] = field(default=frozenset(), compare=False)
    """Names of the pools that need it."""

    @property
    def matrix(self) -> bool:
        """It is a matrix project."""
        return self.kind is Kind.REPLACE and self.variant is not Variant.PINNED

    @property
    def plugins(self) -> frozenset[str]:
        """Short names of the plugins that it cannot be without."""
        found = {"matrix-project"} if self.matrix else set()
        if self.matrix and self.variant is Variant.ELASTIC:
            found.add("elastic-axis")
        if NODE_PARAMETER in self.parameters.values():
            found.add("nodelabelparameter")
        return frozenset(found)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Name and type of each parameter."""
        pinned = {"NODE": NODE_PARAMETER}
        match self.kind:
            case Kind.RELEASE:
                return pinned | dict.fromkeys(("GROUP", "HOOK", "INSTANCE"), STRING_PARAMETER)
            case Kind.SMOKE:
                return dict.fromkeys(("POOL", "IMAGE", "ORDER"), STRING_PARAMETER)
            case Kind.REPLACE:
                strings = dict.fromkeys(("ORDER", "NODES"), STRING_PARAMETER)
                return strings if self.matrix else pinned | {"ORDER": STRING_PARAMETER}


def needed(
    pools: Sequence[Pool], rollouts: Mapping[str, RolloutPolicy], policy: JobsPolicy
) -> tuple[JobSpec, ...]:
    """The jobs that these pools need, each once, by name.

    Raises:
        Refusal: one job would have to be two things, or a name is none; every fault.
    """
    names = [pool.name for pool in pools]
    told = [
        f"jobs.pool_checks.{name}: must be the name of a pool ({', '.join(names)})"
        for name in policy.pool_checks
        if name not in names
    ]
    found: dict[str, JobSpec] = {}
    for pool in pools:
        for spec in _of_pool(pool, rollouts.get(pool.name, RolloutPolicy()), policy):
            told += _odd_name(pool.name, spec)
            known = found.get(spec.name, spec)
            found[spec.name] = replace(known, pools=known.pools | spec.pools)
            if known != spec:
                told.append(
                    f"pools {', '.join(sorted(known.pools))} and {pool.name}: the job "
                    f"{spec.name!r} would have to be two things ({_differing(known, spec)}): "
                    "name one for each"
                )
    if told:
        raise Refusal("\n".join(told))
    return tuple(found[name] for name in sorted(found))


def _of_pool(pool: Pool, rollout: RolloutPolicy, policy: JobsPolicy) -> Iterator[JobSpec]:
    own = frozenset({pool.name})
    if pool.policy.release is Release.JOB:
        yield JobSpec(name=pool.release_job, kind=Kind.RELEASE, pools=own)
    if rollout.smoke_job:
        yield JobSpec(
            name=rollout.smoke_job,
            kind=Kind.SMOKE,
            label=f"{CANARY_LABEL}{pool.name}",
            checks=policy.pool_checks.get(pool.name, policy.checks),
            check_seconds=policy.check_seconds,
            pools=own,
        )
    if rollout.matrix_job:
        yield JobSpec(
            name=rollout.matrix_job,
            kind=Kind.REPLACE,
            variant=policy.variant,
            decrement=pool.scaling is Scaling.LOOP,
            pools=own,
        )


def _differing(one: JobSpec, other: JobSpec) -> str:
    keys = ("kind", "label", "decrement", "checks")
    pairs = ((key, getattr(one, key), getattr(other, key)) for key in keys)
    return ", ".join(f"{key} {was!s} and {is_!s}" for key, was, is_ in pairs if was != is_)


def _odd_name(pool: str, spec: JobSpec) -> Iterator[str]:
    """Jenkins' own rule for a name, and none of the parts may be empty."""
    parts = spec.name.split("/")
    if any(not part.strip(". ") or set(part) & set("?*\\%!@#$^&|<>[]:;") for part in parts):
        yield f"pool {pool}: the {spec.kind} job {spec.name!r}: is no name that Jenkins allows"


def lacking(specs: Sequence[JobSpec], installed: frozenset[str]) -> tuple[str, ...]:
    """Which job misses which plugin, a sentence each; `installed` are short names."""
    return tuple(
        f"{spec.name}: needs the plugin {_plugin(name)}, which Jenkins does not have"
        for spec in specs
        for name in sorted(spec.plugins - installed)
    )


def _plugin(name: str) -> str:
    return f"{PLUGINS[name]} ({name})"


JOB_TREE = (
    "buildable,concurrentBuild,labelExpression,activeConfigurations[name],"
    "property[parameterDefinitions[name,type]]"
)
"""What `shortcomings` reads of a job."""


def shortcomings(spec: JobSpec, told: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a job on Jenkins lacks to be what it shall be, a sentence each.

    Jenkins drops what it does not know from a config.xml without a word, so what it made of one is
    read back; a plugin that must be missing is named.

    Args:
        spec: the job as it shall be.
        told: the remote API's answer to `JOB_TREE`; None where there is no such job.
    """
    if told is None:
        return (f"{spec.name}: there is no such job, or the token lacks Job/Read",)
    found = {
        each.get("name"): each.get("type")
        for entry in told.get("property") or ()
        for each in entry.get("parameterDefinitions") or ()
    }
    return tuple(f"{spec.name}: {each}" for each in _shortcomings(spec, told, found))


def _shortcomings(
    spec: JobSpec, told: Mapping[str, Any], found: Mapping[str, str]
) -> Iterator[str]:
    wanted = MATRIX_CLASS if spec.matrix else FREESTYLE_CLASS
    if told.get("_class", wanted) != wanted:
        yield f"must be a {wanted}, not a {told['_class']}"
        return
    if not told.get("buildable"):
        yield "must be enabled"
    if told.get("concurrentBuild") is not True:
        yield "must allow concurrent builds"
    if (told.get("labelExpression") or "") != spec.label:
        yield f"must be assigned to {spec.label!r}, not to {told.get('labelExpression')!r}"
    for name, kind in spec.parameters.items():
        if found.get(name) != kind:
            perhaps = _missing("nodelabelparameter") if kind == NODE_PARAMETER else ""
            yield f"must have the parameter {name} of type {kind}{perhaps}"
    names = [each.get("name", "") for each in told.get("activeConfigurations") or ()]
    if spec.matrix and not _has_axis(spec, names):
        perhaps = _missing("elastic-axis") if spec.variant is Variant.ELASTIC else ""
        yield f"must have an axis named {AXIS}{perhaps}"


def _missing(plugin: str) -> str:
    return f": is the plugin {_plugin(plugin)} missing?"


def _has_axis(spec: JobSpec, names: Sequence[str]) -> bool:
    """Jenkins tells no axes, only their combinations; an elastic axis may have none just now."""
    if spec.variant is Variant.ELASTIC and not names:
        return True
    return bool(names) and all(name.startswith(f"{AXIS}=") for name in names)
