"""Write the tables of inputs and outputs into the modules' README files, or say what is stale.

    python tests/infra/module_readme.py

The words are those of the `description` lines in the HCL; only what lies between the two markers
of a README is ours to change.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygohcl

TERRAFORM = Path(__file__).parents[2] / "terraform"
BEGIN = "<!-- inputs and outputs: made by tests/infra/module_readme.py -->"
END = "<!-- end -->"


def documented() -> list[Path]:
    """Every folder that has a README with tables: the deployment, examples and modules."""
    return sorted(path.parent for path in TERRAFORM.glob("*/*/versions.tf"))


def blocks(module: Path, kind: str) -> dict[str, dict[str, Any]]:
    """All blocks `variable` or `output` of a module by name."""
    path = module / f"{kind}s.tf"
    found: dict[str, dict[str, Any]] = pygohcl.loads(path.read_text()).get(kind, {})
    return found


def cell(text: str) -> str:
    """Text that survives in a cell of a Markdown table."""
    return re.sub(r"\s*\n\s*", "<br>", text.strip()).replace("|", "\\|")


def default_of(module: Path, name: str) -> str:
    """The default as it is written, or `required`."""
    text = (module / "variables.tf").read_text()
    anywhere = re.MULTILINE | re.DOTALL
    body = re.search(rf'^variable "{name}" \{{\n(.*?)^\}}', text, anywhere)
    written = body and re.search(r"^  default\s*= (.*?)(?=^  \w|^$|\Z)", body[1], anywhere)
    if not written:
        return "required"
    return f"`{cell(written[1])}`" if "\n" not in written[1].strip() else "see `variables.tf`"


def inputs(module: Path) -> Iterator[str]:
    """The rows of the table of inputs."""
    yield "| input | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, held in blocks(module, "variable").items():
        kind = re.sub(r"\s+", " ", held["type"])
        yield (
            f"| `{name}` | `{kind}` | {default_of(module, name)} | {cell(held['description'])} |"
        )


def outputs(module: Path) -> Iterator[str]:
    """The rows of the table of outputs."""
    yield "| output | meaning |"
    yield "| --- | --- |"
    for name, held in blocks(module, "output").items():
        yield f"| `{name}` | {cell(held['description'])} |"


def renewed(module: Path) -> str:
    """The README of a module with fresh tables."""
    text = (module / "README.md").read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join([BEGIN, "", *inputs(module), "", *outputs(module), "", END])
    return before + tables + after


def main() -> int:
    """Rewrite what is stale and name it."""
    for module in documented():
        text = renewed(module)
        readme = module / "README.md"
        if text != readme.read_text():
            readme.write_text(text)
            sys.stdout.write(f"rewrote {readme.relative_to(TERRAFORM.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
