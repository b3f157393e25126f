"""Put methods of ours on moto's classes, and take them off again.

There is no fork of moto: a `Patch` names a class, an attribute, what replaces it and why.
The table of all of them is in `patches.py`.
moto's backends are global to the process, so patches are as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import moto

PINNED = "5.2.5"
"""The moto release whose classes the patches were written against."""

Row = tuple[object, str, object, str]
"""A patch as tables have it: owner, name, replacement, why."""

_MISSING = object()
_originals: dict[tuple[Any, str], object] = {}


class WrongMotoError(RuntimeError):
    """The installed moto is not the pinned one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One replaced attribute: `owner` is a class or module of moto, `why` a sentence."""

    owner: Any
    name: str
    replacement: Any
    why: str


def check_version(found: str = moto.__version__) -> None:
    """Raise WrongMotoError unless moto is the pinned release."""
    if found != PINNED:
        raise WrongMotoError(
            f"moto {found} is installed, the embedded AWS patches moto {PINNED}: "
            f"install moto=={PINNED}"
        )


def apply(patches: Iterable[Patch]) -> None:
    """Put every patch in place, keeping what was there for `original` and `remove_all`."""
    check_version()
    for patch in patches:
        key = (patch.owner, patch.name)
        if key in _originals:
            raise ValueError(f"{patch.owner!r}.{patch.name} is patched twice")
        _originals[key] = patch.owner.__dict__.get(patch.name, _MISSING)
        setattr(patch.owner, patch.name, patch.replacement)


def original(owner: Any, name: str) -> Any:  # noqa: ANN401 (any method of any class of moto)
    """What a patched attribute was before; raises KeyError when it is not patched.

    An inherited method comes from the parent, a method that moto lacks is a KeyError.
    """
    found = _originals[owner, name]
    if found is not _MISSING:
        return found
    for parent in owner.__mro__[1:]:
        if name in parent.__dict__:
            return parent.__dict__[name]
    raise KeyError((owner, name))


def remove_all() -> None:
    """Give every patched class its own attributes back."""
    for (owner, name), found in _originals.items():
        if found is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, found)
    _originals.clear()
