"""Promises 1 to 5 of the house, under any order of events."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import Promises
from tests.properties.rollout_machine import RolledPromises


def test_the_promises_are_kept_under_any_order_of_events(effort: settings) -> None:
    run_state_machine_as_test(Promises, settings=effort)


def test_the_promises_are_kept_while_images_are_rolled_out(effort: settings) -> None:
    run_state_machine_as_test(
        RolledPromises, settings=settings(effort, max_examples=effort.max_examples // 3)
    )
