"""The settings: one TOML file, checked whole, every fault told at once.

A fault is one line, `key: value: rule`, as in `pool[0].ceiling: 3: must be at least floor (5)`.
Secrets are named here, never held: the wiring reads them through the adapters.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from workhorse.core.errors import Refusal
from workhorse.core.model import Policy, Pool
from workhorse.core.orders import RolloutPolicy
from workhorse.settings.agents import GatewaySettings, LedgerSettings, RequeueSettings
from workhorse.settings.delivery import (
    BakeSettings,
    ChatSettings,
    DeliverySettings,
    StoreSettings,
)
from workhorse.settings.faults import refusal, told
from workhorse.settings.jobs import JobsSettings
from workhorse.settings.pools import AnyPool, InlinePool, ParameterPool, PolicySettings
from workhorse.settings.sections import (
    AwsSettings,
    JenkinsSettings,
    JournalSettings,
    LoopSettings,
    MetricsSettings,
    Section,
)

__all__ = [
    "AwsSettings",
    "InlinePool",
    "JenkinsSettings",
    "JournalSettings",
    "LoopSettings",
    "MetricsSettings",
    "ParameterPool",
    "Settings",
    "load",
    "parse",
    "policy_from_json",
    "reference",
]


class Settings(Section):
    """All of them."""

    jenkins: JenkinsSettings
    aws: AwsSettings
    loop: LoopSettings = LoopSettings()
    journal: JournalSettings
    metrics: MetricsSettings = MetricsSettings()
    store: StoreSettings = StoreSettings()
    bake: BakeSettings = BakeSettings()
    delivery: DeliverySettings = DeliverySettings()
    chat: ChatSettings = ChatSettings()
    jobs: JobsSettings = JobsSettings()
    gateway: GatewaySettings = GatewaySettings()
    requeue: RequeueSettings = RequeueSettings()
    ledger: LedgerSettings = LedgerSettings()
    pool: tuple[AnyPool, ...] = ()

    def pools(self, parameter: Callable[[str], str]) -> tuple[Pool, ...]:
        """The pools with all their numbers; `parameter` reads an SSM parameter by its name.

        Raises:
            Refusal: what SSM holds is no policy, or does not go with the rest.
        """
        found = tuple(
            entry.pool(entry.policy())
            if isinstance(entry, InlinePool)
            else entry.pool(policy_from_json(parameter(entry.policy_parameter)))
            for entry in self.pool
        )
        faults = list(_twice("name", (pool.name for pool in found)))
        names = {pool.name for pool in found}
        default = self.loop.default_pool
        if default and default not in names:
            faults.append(_no_such_pool(default, names))
        if faults:
            raise refusal("pools", faults)
        return found

    def rollouts(self, pools: Iterable[Pool]) -> Mapping[str, RolloutPolicy]:
        """What a rollout may do, by the name of each of `pools`, which are this file's."""
        tables = (entry.rollout for entry in self.pool)
        return {pool.name: t.policy() for pool, t in zip(pools, tables, strict=True)}


def load(path: Path, *, tick_seconds: float | None = None) -> Settings:
    """Read and check the settings file.

    Args:
        path: of the file.
        tick_seconds: instead of the file's, for this run.

    Raises:
        Refusal: the file cannot be read, is no TOML, or breaks a rule; it names every fault.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows' editors begin with a mark.
    except (OSError, UnicodeDecodeError) as wrong:
        raise Refusal(f"{path}: cannot be read: {wrong}") from wrong
    return parse(text, source=str(path), tick_seconds=tick_seconds)


def parse(text: str, *, source: str = "settings", tick_seconds: float | None = None) -> Settings:
    """Check settings given as TOML; `source` is what errors call them.

    Raises:
        Refusal: the text is no TOML, or breaks a rule; it names every fault.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise Refusal(f"{source}: is no TOML: {wrong}") from wrong
    if tick_seconds is not None:
        raw["loop"] = _table(raw.get("loop")) | {"tick_seconds": tick_seconds}
    across = list(_across(raw))
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as wrong:
        raise refusal(source, (*told(wrong), *across)) from None
    if across:
        raise refusal(source, across)
    return settings


def policy_from_json(text: str) -> Policy:
    """A policy from the JSON that terraform/modules/policy emits.

    Raises:
        Refusal: the text is no JSON object or breaks a rule; it names every fault.
    """
    try:
        raw = json.loads(text)
        return PolicySettings.model_validate(raw).policy()
    except ValidationError as wrong:
        raise refusal("policy", told(wrong, prefix="policy.")) from None
    except ValueError as wrong:
        raise Refusal(f"policy: is no JSON: {wrong}") from wrong


def reference() -> str:
    """A Markdown table of every setting: key, type, default, meaning."""
    rows = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for section, field in Settings.model_fields.items():
        models = (InlinePool, ParameterPool) if section == "pool" else (field.annotation,)
        seen: set[str] = set()
        for model in models:
            if isinstance(model, type) and issubclass(model, Section):
                rows += _rows(section, model, seen)
    return "\n".join(rows) + "\n"


def _rows(section: str, model: type[Section], seen: set[str]) -> Iterator[str]:
    yield from _table_rows("pool[]" if section == "pool" else section, model, seen)


def _table_rows(key: str, model: type[Section], seen: set[str]) -> Iterator[str]:
    """A row for each key; a table in the table is told by its own keys, a list of them by both."""
    properties = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if name in seen:
            continue
        seen.add(name)
        if (table := _section(field.annotation)) is not None:
            yield from _table_rows(f"{key}.{name}", table, set())
            continue
        default = "required" if field.is_required() else f"`{_toml(field.get_default())}`"
        if name == "policy_parameter":
            default = "the numbers are here"
        kind = _kind(properties[name], model.model_json_schema().get("$defs", {}))
        yield f"| `{key}.{name}` | {kind} | {default} | {field.description} |"
        for listed in filter(None, map(_section, get_args(field.annotation))):
            yield from _table_rows(f"{key}.{name}[]", listed, set())


def _section(annotation: object) -> type[Section] | None:
    """The table of that type, if it is one."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return None


def _kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        return " or ".join(f"`{_toml(value)}`" for value in schema["enum"])
    if schema["type"] == "array":
        return f"list of {schema['items'].get('type', 'table')}s"
    kinds = {"boolean": "true or false", "integer": "whole number"}
    return kinds.get(schema["type"], str(schema["type"]))


def _toml(value: object) -> str:
    return json.dumps(value)


def _across(raw: Mapping[str, Any]) -> Iterator[str]:
    """Rules between sections, on what was written: they hold even where other rules are broken."""
    pools = [pool for pool in _list(raw.get("pool")) if isinstance(pool, dict)]
    if "pool" not in raw or raw["pool"] == []:
        yield "pool: (missing): at least one [[pool]] is required"
    for key in ("name", "group"):
        yield from _twice(key, (p[key] for p in pools if isinstance(p.get(key), str) and p[key]))
    loop, metrics = (_table(raw.get(name)) for name in ("loop", "metrics"))
    default = loop.get("default_pool")
    names = {str(pool["name"]) for pool in pools if "name" in pool}
    known = all("policy_parameter" not in pool for pool in pools)
    if isinstance(default, str) and default and known and default not in names:
        yield _no_such_pool(default, names)
    publish = loop.get("publish_seconds", LoopSettings().publish_seconds)
    resolution = metrics.get("resolution_seconds", MetricsSettings().resolution_seconds)
    numbers = isinstance(publish, (int, float)) and isinstance(resolution, int)
    if numbers and metrics.get("namespace", "workhorse") and publish > resolution:
        yield (
            f"loop.publish_seconds: {publish:g}: must be at most metrics.resolution_seconds "
            f"({resolution}), or CloudWatch has periods without data"
        )


def _twice(key: str, values: Iterable[str]) -> Iterator[str]:
    for value, times in Counter(values).items():
        if times > 1:
            yield f"pool[].{key}: {json.dumps(value)}: must be of one pool, not of {times}"


def _no_such_pool(default: str, names: Iterable[str]) -> str:
    known = ", ".join(sorted(names))
    return f"loop.default_pool: {json.dumps(default)}: must be the name of a pool ({known})"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
