"""Form: `terraform validate`, files of a readable length; `./inv check` has `terraform fmt`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workhorse.adapters.terraform import Terraform

TERRAFORM = Path(__file__).parents[2] / "terraform"


@pytest.mark.parametrize("example", ["complete", "minimal"])
def test_the_examples_are_valid(tree: Path, rooted: Callable[..., Terraform], example: str) -> None:
    """The examples call all modules, so this is all of the HCL under the real provider."""
    terraform = rooted(tree / "examples" / example)
    terraform.init()
    terraform.validate()


@pytest.mark.parametrize(
    "path", sorted(TERRAFORM.rglob("*.tf")), ids=lambda path: str(path.relative_to(TERRAFORM))
)
def test_a_file_holds_one_feature(path: Path) -> None:
    """What users may say is one list, with a rule for each quota of AWS: as long as a module."""
    limit = 300 if path.name == "variables.tf" else 120
    assert len(path.read_text().splitlines()) <= limit
