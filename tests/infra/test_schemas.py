"""What our HCL says, compared with what old and new AWS providers accept.

The real provider here is 3.39.0; newer ones are known by the schemas in `schemas/` only, so this
tells what they accept and nothing of how they behave.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygohcl
import pytest

TERRAFORM = Path(__file__).parents[2] / "terraform"
SCHEMAS = {
    path.stem.removeprefix("aws-"): json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "schemas").glob("aws-*.json"))
}
META = {"count", "for_each", "depends_on", "lifecycle", "provider"}

Block = dict[str, Any]


def declared(kind: str) -> Iterator[tuple[str, str, Block]]:
    """Every `resource` or `data` block of ours: (where, type, body)."""
    for path in sorted(TERRAFORM.rglob("*.tf")):
        for name, held in pygohcl.loads(path.read_text()).get(kind, {}).items():
            for label, body in held.items():
                if name.startswith("aws_"):
                    yield f"{path.relative_to(TERRAFORM)}: {name}.{label}", name, body


def arguments(body: Block) -> dict[str, list[Any]]:
    """What a block says, each name with its values; a dynamic block counts once."""
    plain = {key: value for key, value in body.items() if key not in {*META, "dynamic"}}
    given = {key: value if isinstance(value, list) else [value] for key, value in plain.items()}
    dynamic = {name: [held["content"]] for name, held in body.get("dynamic", {}).items()}
    return given | dynamic


def faults(schema: Block, body: Block, where: str) -> Iterator[str]:
    """What one block says that the schema does not know, and what it leaves out."""
    given = arguments(body)
    for key, values in given.items():
        if key in schema["blocks"]:
            for value in values:
                yield from faults(schema["blocks"][key], value, f"{where}.{key}")
        elif schema["attributes"].get(key, "read") == "read":
            yield f"{where} has {key}"
    for key, how in schema["attributes"].items():
        if how == "required" and key not in given:
            yield f"{where} lacks {key}"


@pytest.mark.parametrize("version", SCHEMAS)
@pytest.mark.parametrize(("kind", "key"), [("resource", "resources"), ("data", "data-sources")])
def test_every_attribute_is_accepted(version: str, kind: str, key: str) -> None:
    found = [
        fault
        for where, name, body in declared(kind)
        for fault in faults(SCHEMAS[version][key][name], body, where)
    ]
    assert not found


@pytest.mark.parametrize("version", SCHEMAS)
def test_every_attribute_that_is_read_is_there(version: str) -> None:
    known = SCHEMAS[version]["resources"]
    text = "\n".join(path.read_text() for path in TERRAFORM.rglob("*.tf"))
    read = set(re.findall(r"(?<![\w.\"])(aws_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)", text))
    assert len(read) > 10
    missing = {
        (name, attribute)
        for name, attribute in read
        if attribute not in known[name]["attributes"] and attribute not in known[name]["blocks"]
    }
    assert not missing


def test_the_schemas_cover_the_oldest_and_the_newest_provider_we_know() -> None:
    assert list(SCHEMAS) == ["3.39.0", "6.25.0", "6.62.0"]


@pytest.mark.parametrize("version", SCHEMAS)
def test_what_one_end_lacks_would_be_found(version: str) -> None:
    """The comparison itself, held to facts from the providers' own changelogs."""
    schema = SCHEMAS[version]["resources"]["aws_autoscaling_group"]
    body = {"min_size": 0, "max_size": 1, "tags": [], "default_instance_warmup": 1}
    expected = {"3.39.0": "default_instance_warmup"}.get(version, "tags")
    assert list(faults(schema, body, "group")) == [f"group has {expected}"]


def test_every_module_asks_for_the_same_range_of_providers() -> None:
    ranges = {
        held["aws"]["version"]
        for path in TERRAFORM.rglob("versions.tf")
        if (held := pygohcl.loads(path.read_text())["terraform"].get("required_providers"))
    }
    assert ranges == {">= 3.39.0, < 7.0.0"}
