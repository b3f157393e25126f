"""What IAM makes of an identity's policies: whether a call on a resource is allowed.

Enough of the evaluation to tell whose resources our own policies reach, and no more: statements
that allow, the operators that they use, patterns in resources. An unknown operator raises.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Iterable, Mapping

from tests.infra.rendered import Statement, listed

Context = Mapping[str, str | tuple[str, ...]]
"""Key of a condition -> what the call brings for it; several values for a key like aws:TagKeys."""


def like(pattern: str, value: str) -> bool:
    """Whether a value fits a pattern: `*` stands for anything, `?` for one character."""
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), value) is not None


def allowed(statements: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether any of the statements allows the call; none of ours denies."""
    return any(
        action in listed(statement["Action"])
        and any(like(pattern, resource) for pattern in listed(statement["Resource"]))
        and all(
            _holds(operator, key, listed(values), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
        for statement in statements
    )


def _holds(operator: str, key: str, values: list[str], context: Context) -> bool:
    if operator == "Null":
        return (key not in context) == (values == ["true"])
    of_all = operator.startswith("ForAllValues:")
    plain = operator.removeprefix("ForAllValues:").removesuffix("IfExists")
    fits = {
        "StringEquals": lambda wanted, brought: wanted == brought,
        "StringLike": like,
        "ArnLike": like,
        "Bool": lambda wanted, brought: wanted == brought,
    }[plain]
    if key not in context:
        return of_all or operator.endswith("IfExists")
    brought = context[key]
    every = (brought,) if isinstance(brought, str) else brought
    return all(any(fits(wanted, one) for wanted in values) for one in every)
