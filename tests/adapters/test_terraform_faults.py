"""What a failed Terraform command means, by the words that Terraform 1.9 to 1.15 printed."""

import pytest

from workhorse.adapters.terraform import TerraformError
from workhorse.adapters.terraform_faults import TOLD, Fault, Kind, errors, understood

LOCKED = """
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error StatusCode: 412
Lock Info:
  ID:        6a8c0b2e-ab3f
  Path:      state/pools
  Operation: OperationTypePlan
  Who:       eve@build-7
  Version:   1.11.4
  Created:   2026-11-21 10:00:00.123456 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
"""
STALE = """
Error: Saved plan is stale

The given plan file can no longer be applied because the state was changed by
another operation after the plan was created.
"""
OTHER_VERSION = """
Error: Failed to read plan from plan file

Cannot read the plan from the given plan file: plan file was created by
Terraform 1.11.4, but this is 1.15.5; plan files cannot be transferred
between different Terraform versions.
"""
OTHER_PROVIDERS = """
Error: Inconsistent dependency lock file

The given plan file was created with a different set of external dependency
selections than the current configuration.
"""
NOT_SAVED = """
Error saving state: failed to upload state

Error: Failed to persist state to backend

The error shown above has prevented Terraform from writing the updated state
to the configured backend. To allow for recovery, the state has been written
to the file "errored.tfstate" in the current working directory.
"""


def fault(text: str) -> Fault:
    wrong = TerraformError("apply one.tfplan", 1, (), tuple(text.splitlines()))
    return understood(wrong, "live")


@pytest.mark.parametrize("text", [LOCKED, "".join(f"│ {line}\n" for line in LOCKED.splitlines())])
def test_a_held_lock_is_told_with_holder_work_time_and_the_way_out(text: str) -> None:
    """Also in the frame that Terraform draws where it believes in a terminal."""
    assert fault(text) == Fault(
        kind=Kind.LOCKED,
        words="the state is locked by eve@build-7, for plan, since 2026-11-21 10:00:00; wait for "
        "it, or when it has died: terraform -chdir=live force-unlock 6a8c0b2e-ab3f",
    )


def test_a_lock_without_information_is_told_as_that() -> None:
    assert fault("Error: Error acquiring the state lock").words == (
        "the state is locked by somebody, for work, since a time that it does not tell"
    )


def test_a_stale_plan_is_told_with_what_to_do() -> None:
    found = fault(STALE)

    assert found.kind is Kind.STALE
    assert found.words.endswith("make a new plan")


@pytest.mark.parametrize("text", [OTHER_VERSION, OTHER_PROVIDERS])
def test_another_terraform_or_provider_is_told_with_what_to_do(text: str) -> None:
    found = fault(text)

    assert found.kind is Kind.UNFIT
    assert "commit live/.terraform.lock.hcl" in found.words


def test_a_state_that_could_not_be_saved_is_told_with_the_command_that_saves_it() -> None:
    found = fault(NOT_SAVED)

    assert found.kind is Kind.OTHER
    assert "terraform -chdir=live state push errored.tfstate" in found.words


def test_anything_else_is_told_without_a_word_of_terraforms() -> None:
    assert fault('Error: Invalid value "hunter2"') == Fault(
        kind=Kind.OTHER, words="terraform apply failed"
    )


def test_terraforms_own_words_begin_with_its_first_error_and_end() -> None:
    warnings = ("Warning: Deprecated", "", "Error: No such thing", "", *["  more"] * 100)
    told = errors(TerraformError("plan", 1, ("Planning...",), warnings))

    assert told[:2] == ("Error: No such thing", "  more")
    assert len(told) == TOLD


def test_where_nothing_was_said_on_standard_error_the_last_lines_are_told() -> None:
    assert errors(TerraformError("fmt", 3, ("crooked.tf",))) == ("crooked.tf",)
