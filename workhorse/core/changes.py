"""What a Terraform plan changes, told to people: read from `terraform show -json` of it.

Values are shown only where they cannot be a secret: whether Terraform marks a value as sensitive
depends on whoever wrote the configuration, and this goes to chats. Shown are numbers, truth values,
ids and types in the forms that AWS gives them; of all else only the name is told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workhorse.core.word import Word


class Verb(Word):
    """What happens to a resource; the order is that of telling."""

    DESTROY = "destroy"
    REPLACE = "replace"
    UPDATE = "update"
    CREATE = "create"
    FORGET = "forget"
    IMPORT = "import"
    MOVE = "move"


LOSSES: Mapping[str, str] = {
    "aws_ami": "the image, and every launch from it",
    "aws_ami_copy": "the image, and every launch from it",
    "aws_autoscaling_group": "its agents, with the builds that run on them",
    "aws_cloudwatch_log_group": "the logs in it",
    "aws_db_instance": "the database",
    "aws_dynamodb_table": "the records in it",
    "aws_ebs_snapshot": "the snapshot",
    "aws_ebs_volume": "the data on it",
    "aws_ecr_repository": "the container images in it",
    "aws_efs_file_system": "the files on it",
    "aws_instance": "the machine, with what runs on it",
    "aws_kms_key": "all that is encrypted with it",
    "aws_launch_template": "its versions, which rollouts go back to",
    "aws_rds_cluster": "the database",
    "aws_s3_bucket": "the objects in it",
    "aws_secretsmanager_secret": "the secret",
    "aws_sqs_queue": "the messages in it",
    "aws_ssm_parameter": "the value in it",
}
"""Type of resource -> what is lost with it, which no apply brings back."""

REASONS: Mapping[str, str] = {
    "replace_because_tainted": "it is tainted: its creation failed before",
    "replace_by_request": "-replace asks for it",
    "replace_by_triggers": "replace_triggered_by names something that changes",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_no_move_target": "what it was moved to is not in the configuration",
    "delete_because_wrong_repetition": "it is no longer repeated in that way",
    "delete_because_count_index": "its number is beyond count",
    "delete_because_each_key": "its key is no longer in for_each",
}
"""Terraform's `action_reason` in words.

https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

ATTRIBUTES_KEPT = 12
"""Attributes told of one change; the rest is counted."""

HIDDEN, LATER, SENSITIVE = "(not shown)", "(known after apply)", "(sensitive)"

_PLAIN = re.compile(
    r"[a-z]{1,8}-[0-9a-f]{8,17}"  # ids as of images, templates, subnets
    r"|[a-z][0-9a-z-]{1,15}\.[0-9]{0,3}(nano|micro|small|medium|x?large|metal)(-[0-9]{1,2}xl)?"
    r"|true|false|-?[0-9]{1,9}(\.[0-9]{1,3})?"
)
"""Texts that are no secret by their form; numbers are often texts in the AWS provider."""

_VERBS: Mapping[tuple[str, ...], Verb] = {
    ("create",): Verb.CREATE,
    ("update",): Verb.UPDATE,
    ("delete",): Verb.DESTROY,
    ("delete", "create"): Verb.REPLACE,
    ("create", "delete"): Verb.REPLACE,
    ("create", "forget"): Verb.REPLACE,
    ("forget",): Verb.FORGET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute that changes: its path, and both values as they may be shown."""

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        if self.after in {HIDDEN, SENSITIVE}:
            return f"{self.path}: changes" + (" (sensitive)" if self.after == SENSITIVE else "")
        return f"{self.path}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource."""

    address: str
    verb: Verb
    why: str = ""
    """Why it is destroyed or replaced, in words; empty where Terraform does not say."""
    attributes: tuple[Attribute, ...] = ()
    """Of an update what changes, of a replacement what forces it; at most `ATTRIBUTES_KEPT`."""
    more: int = 0
    """Attributes beyond those."""
    was: str = ""
    """The address that it moves from."""
    loses: str = ""
    """What is lost when it is destroyed or replaced; empty for what an apply brings back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that a plan changes."""

    changes: tuple[Change, ...] = ()
    outputs: tuple[str, ...] = ()
    """Names of the root's outputs that change."""
    drifted: tuple[str, ...] = ()
    """Addresses that somebody else changed or destroyed since the last apply."""

    def of(self, *verbs: Verb) -> tuple[Change, ...]:
        """The changes of these sorts."""
        return tuple(each for each in self.changes if each.verb in verbs)

    def counted(self) -> str:
        """How many of each sort, in a line; what destroys is in capitals."""
        loud = {Verb.DESTROY, Verb.REPLACE}
        told = [
            f"{len(found)} to {verb.upper() if verb in loud else verb}"
            for verb in Verb
            if (found := self.of(verb))
        ]
        return ", ".join(told) or ("outputs only" if self.outputs else "nothing")

    def as_record(self) -> dict[str, Any]:
        """Plain JSON, with nothing in it that people are not shown."""
        return {"counts": {verb.value: len(self.of(verb)) for verb in Verb}} | asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Changes":
        """The changes of a record.

        Raises:
            KeyError, TypeError, ValueError: it is no record of changes.
        """
        return cls(
            changes=tuple(
                Change(
                    **{
                        **each,
                        "verb": Verb(each["verb"]),
                        "attributes": tuple(Attribute(**one) for one in each["attributes"]),
                    }
                )
                for each in record["changes"]
            ),
            outputs=tuple(record["outputs"]),
            drifted=tuple(record["drifted"]),
        )


def changes(plan: Mapping[str, Any]) -> Changes:
    """What a plan changes; `plan` is the JSON of `terraform show`."""
    order = list(Verb)
    found = (_change(each) for each in plan.get("resource_changes", ()))
    outputs = plan.get("output_changes", {})
    return Changes(
        changes=tuple(sorted(filter(None, found), key=lambda c: (order.index(c.verb), c.address))),
        outputs=tuple(sorted(name for name, each in outputs.items() if _acts(each))),
        drifted=tuple(
            sorted(each["address"] for each in plan.get("resource_drift", ()) if _drifted(each))
        ),
    )


def _acts(change: Mapping[str, Any]) -> bool:
    return bool(change["actions"] != ["no-op"])


def _drifted(told: Mapping[str, Any]) -> bool:
    return _acts(told["change"]) and "previous_address" not in told


def _change(told: Mapping[str, Any]) -> Change | None:
    change = told["change"]
    was = told.get("previous_address", "")
    verb = _VERBS.get(tuple(change["actions"]))
    if verb is None and change.get("importing"):
        verb = Verb.IMPORT
    if verb is None and was:
        verb = Verb.MOVE
    if verb is None:
        return None
    found = list(_attributes(verb, change))
    ends = verb in {Verb.DESTROY, Verb.REPLACE}
    return Change(
        address=told["address"],
        verb=verb,
        why=REASONS.get(told.get("action_reason", ""), ""),
        attributes=tuple(found[:ATTRIBUTES_KEPT]),
        more=max(0, len(found) - ATTRIBUTES_KEPT),
        was=was,
        loses=LOSSES.get(told.get("type", ""), "") if ends else "",
    )


def _attributes(verb: Verb, change: Mapping[str, Any]) -> Iterator[Attribute]:
    found = _differences(
        change.get("before"),
        change.get("after"),
        change.get("after_unknown"),
        (change.get("before_sensitive"), change.get("after_sensitive")),
    )
    if verb is Verb.UPDATE:
        yield from found
    elif verb is Verb.REPLACE:
        forcing = tuple(map(_path, change.get("replace_paths", ())))
        yield from (each for each in found if any(_within(each.path, path) for path in forcing))


def _within(path: str, whole: str) -> bool:
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))


def _differences(
    before: object, after: object, unknown: object, sensitive: tuple[object, object], path: str = ""
) -> Iterator[Attribute]:
    """The leaves in which two values differ; the four trees have one shape, as far as they go."""
    if unknown is True:
        yield Attribute(path=path, before=_shown(before, sensitive), after=LATER)
    elif True not in sensitive and _deep(before, after):
        for key in _keys(before, after):
            yield from _differences(
                _at(before, key),
                _at(after, key),
                _at(unknown, key),
                (_at(sensitive[0], key), _at(sensitive[1], key)),
                path + _path([key]) if isinstance(key, int) or not path else f"{path}.{key}",
            )
    elif before != after:
        shown = (_shown(before, sensitive), _shown(after, sensitive))
        yield Attribute(path=path, before=shown[0], after=shown[1])


def _deep(before: object, after: object) -> bool:
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after)
    return isinstance(before, dict) and isinstance(after, dict)


def _keys(*trees: object) -> list[Any]:
    return sorted(
        {key for tree in trees for key in (tree if isinstance(tree, dict) else range(_size(tree)))}
    )


def _size(tree: object) -> int:
    return len(tree) if isinstance(tree, list) else 0


def _at(tree: object, key: Any) -> object:  # noqa: ANN401 - a key of an object or of a list
    if isinstance(tree, dict):
        return tree.get(key)
    return tree[key] if isinstance(tree, list) and key < len(tree) else None


def _path(parts: Any) -> str:  # noqa: ANN401 - keys of objects and lists, as they come
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return dotted.removeprefix(".")


def _shown(value: object, sensitive: tuple[object, object]) -> str:
    if any(_marked(each) for each in sensitive):
        return SENSITIVE
    if value is None or value == "":
        return "none"
    text = str(value).lower() if isinstance(value, bool | int | float) else value
    return text if isinstance(text, str) and _PLAIN.fullmatch(text) else HIDDEN


def _marked(tree: object) -> bool:
    """Whether anything in a tree of sensitive marks is marked."""
    if isinstance(tree, dict):
        return any(map(_marked, tree.values()))
    return any(map(_marked, tree)) if isinstance(tree, list) else tree is True
