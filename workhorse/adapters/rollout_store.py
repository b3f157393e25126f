"""Orders and standings of rollouts, as SSM parameters below one path.

`PREFIX/pools/POOL/rollout/order` is written by people and taken away by the controller;
`PREFIX/pools/POOL/rollout/standing` is written by the controller.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from workhorse.adapters.session import AwsClients, changing, portions, reading, says
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.orders import Command, Order, Standing

Told = TypeVar("Told", Order, Standing)

NAMES_PER_CALL = 10
"""Names in one GetParameters.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
"""

VALUE_BYTES = 4096
"""The most that a standard parameter holds.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""


class SsmOrders:
    """A `loops.rollout_ports.Orders`, and what people do with orders beside it.

    Args:
        clients: the clients of the region.
        prefix: the path that all names begin with, as `/workhorse`.
    """

    def __init__(self, clients: AwsClients, prefix: str) -> None:
        self._clients = clients
        self._prefix = prefix

    def placed(self, pools: Sequence[str]) -> Mapping[str, Order]:
        """The order of every pool that has one.

        Raises:
            Unreadable: SSM does not answer.
            Surprise: a parameter holds no order of its pool; it is named.
        """
        names = {self._name(pool, "order"): pool for pool in pools}
        values = self._values(list(names))
        return {names[name]: _order(name, names[name], text) for name, text in values.items()}

    def order(self, pool: str) -> Order | None:
        """The order of the pool; None when it has none. Raises as `placed`."""
        return self.placed([pool]).get(pool)

    def standing(self, pool: str) -> Standing | None:
        """What was last told of the pool's rollout; None when nothing was.

        Raises:
            Unreadable: SSM does not answer.
            Surprise: the parameter holds no standing of the pool.
        """
        name = self._name(pool, "standing")
        text = self._values([name]).get(name)
        if text is None:
            return None
        try:
            return _of(pool, Standing.from_record(_record(text)))
        except (KeyError, TypeError, ValueError) as wrong:
            raise Surprise(f"SSM parameter {name}: is no standing: {wrong!r}") from wrong

    def tell(self, standing: Standing) -> None:
        """Replace what is told; what does not fit into a parameter is cut.

        Raises:
            Surprise: SSM refuses or does not answer.
        """
        self._put(self._name(standing.pool, "standing"), fitting(standing), overwrite=True)

    def close(self, pool: str, order: str) -> None:
        """Take the order away; done as well when it is gone or another's.

        Raises:
            Surprise: SSM refuses or does not answer, or what is there is no order.
        """
        found = self.order(pool)
        if found is None or found.id != order:
            return
        name = self._name(pool, "order")
        with changing(f"DeleteParameter {name}"):
            try:
                self._clients.ssm.delete_parameter(Name=name)
            except ClientError as wrong:
                if not says(wrong, "ParameterNotFound"):
                    raise

    def place(self, order: Order) -> None:
        """Place an order; SSM itself lets one of two that come at once through.

        Raises:
            Refusal: the pool has an order, or this one does not fit into a parameter.
            Surprise: SSM refuses or does not answer.
        """
        text = _text(order.as_record())
        if len(text) > VALUE_BYTES:
            raise Refusal(f"pool {order.pool}: the order is {len(text)} bytes, above {VALUE_BYTES}")
        try:
            self._put(self._name(order.pool, "order"), text, overwrite=False)
        except _AlreadyThereError as wrong:
            raise Refusal(f"pool {order.pool}: {self._whose(order.pool)}") from wrong

    def command(self, pool: str, order_id: str, command: Command) -> None:
        """Change what is asked of the order under way.

        SSM can replace a value and cannot compare it first: an order that the controller closed
        at the same moment is taken away again.

        Raises:
            Refusal: the order is gone or another's.
            Surprise: SSM refuses or does not answer, or what is there is no order.
        """
        found = self.order(pool)
        if found is None or found.id != order_id:
            raise Refusal(f"pool {pool}: the rollout {order_id} is over")
        text = _text(replace(found, command=command).as_record())
        self._put(self._name(pool, "order"), text, overwrite=True)
        standing = self.standing(pool)
        if standing and standing.order == order_id and standing.ended_at is not None:
            self.close(pool, order_id)
            raise Refusal(f"pool {pool}: the rollout {order_id} is over")

    def _name(self, pool: str, what: str) -> str:
        return f"{self._prefix}/pools/{pool}/rollout/{what}"

    def _values(self, names: Sequence[str]) -> dict[str, str]:
        """Name to value, of those that are there."""
        found: dict[str, str] = {}
        for some in portions(names, NAMES_PER_CALL):
            with reading(f"GetParameters {', '.join(some)}"):
                answer = self._clients.ssm.get_parameters(Names=some)
            found |= {one["Name"]: one["Value"] for one in answer["Parameters"]}
        return found

    def _put(self, name: str, text: str, *, overwrite: bool) -> None:
        with changing(f"PutParameter {name}"):
            try:
                self._clients.ssm.put_parameter(
                    Name=name, Value=text, Type="String", Overwrite=overwrite
                )
            except ClientError as wrong:
                if says(wrong, "ParameterAlreadyExists"):
                    raise _AlreadyThereError(name) from wrong
                raise

    def _whose(self, pool: str) -> str:
        there = self.order(pool)
        if there is None:
            return "another rollout was ordered, and is over: order anew"
        since = datetime.fromtimestamp(there.at, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{there.by} ordered the rollout {there.id} on {since}, and it is not over"


class _AlreadyThereError(Exception):
    """A parameter of that name is there."""


def fitting(standing: Standing) -> str:
    """The JSON text of a standing, cut until it fits into a parameter.

    Awaited agents go first, the last of them first, then the words for people; what the machine
    remembers goes last.
    """
    cut = standing
    text = _text(cut.as_record())
    while len(text) > VALUE_BYTES:
        if cut.awaited:
            cut = replace(cut, awaited=cut.awaited[:-1])
        elif cut.because:
            # Each character is at most six bytes of JSON: the loop ends after a few turns.
            over = len(text) - VALUE_BYTES
            cut = replace(cut, because=cut.because[: max(0, len(cut.because) - over // 6 - 1)])
        elif cut.memory:
            cut = replace(cut, memory={})
        else:
            break
        text = _text(cut.as_record())
    return text


def _text(record: Mapping[str, Any]) -> str:
    """ASCII, so that characters are bytes, and without two braces that open side by side.

    SSM takes those for a reference to another parameter; in JSON they stand in strings only.
    """
    return json.dumps(record, separators=(",", ":")).replace("{{", "{\\u007b")


def _record(text: str) -> Mapping[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError(f"is a {type(found).__name__}")
    return found


def _of(pool: str, record: Told) -> Told:
    """The record, when it is of the pool in whose place it stands.

    Whoever may write there need not be trusted with another pool.
    """
    if record.pool != pool:
        raise ValueError(f"pool: is {record.pool!r}")
    return record


def _order(name: str, pool: str, text: str) -> Order:
    try:
        return _of(pool, Order.from_record(_record(text)))
    except (KeyError, TypeError, ValueError) as wrong:
        raise Surprise(f"SSM parameter {name}: is no order: {wrong!r}") from wrong
