"""Refusing options: every fault of a planner's options is told at once."""

from collections.abc import Iterable


def refuse(*faults: tuple[bool, str, object, str]) -> None:
    """Raise what is wrong, if anything is.

    Args:
        faults: whether it is wrong, the option, its value, and the rule.

    Raises:
        ValueError: at least one is wrong; a line for each.
    """
    refuse_all(f"{name}: {value}: {rule}" for wrong, name, value, rule in faults if wrong)


def refuse_all(faults: Iterable[str]) -> None:
    """Raise a `ValueError` of these lines, if there are any."""
    lines = tuple(faults)
    if lines:
        raise ValueError("\n".join(lines))
