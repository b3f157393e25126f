"""What is done at the desk of a pool: order a rollout, follow it, tell it something, look at it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

from workhorse.commands.command import Show
from workhorse.commands.following import (
    DONE,
    FAILED,
    HALTED,
    INTERRUPTED,
    UNTAKEN,
    Rhythm,
    Screen,
    follow,
)
from workhorse.commands.rollout_desk import Desk
from workhorse.core.errors import Missing, Refusal
from workhorse.core.model import Group
from workhorse.core.ordering import Wish, order_id, ordered, reached, target, under_way
from workhorse.core.orders import Command, Order, Standing, Strategy
from workhorse.core.progress import Ending, Progress, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Works at one desk."""

    desk: Desk
    show: Show
    console: Console
    rhythm: Rhythm
    detach: bool = False
    """Do not follow what was ordered."""
    withdraw: bool = False
    """Take an order away again that no controller took."""

    def order(self, wish: Wish) -> int:
        """Place the order that the wish comes to, and follow it.

        Raises:
            Refusal: it cannot be ordered; every reason that was found.
            Surprise: AWS or Jenkins did not answer.
        """
        desk = self.desk
        current = desk.orders.order(desk.pool)
        faults = [under_way(current, desk.now())] if current is not None else []
        faults += desk.missing_jobs(_jobs(desk, wish))
        found = self._asked(wish, faults)
        if faults or found is None:
            raise Refusal("\n".join(faults))
        group, order = found
        if reached(group, order.target):
            self.show(f"pool {order.pool}: every agent is of version {order.target}: nothing to do")
            return DONE
        if self.rhythm.wait(0):
            self.show("interrupted: nothing was ordered")
            return INTERRUPTED
        desk.orders.place(order)
        self.show(
            f"ordered {order.id}: pool {order.pool}, version {order.previous} -> {order.target} "
            f"({order.image}) by {order.strategy}{'' if order.canary else ', without a canary'}"
        )
        return self.follow(order)

    def roll_back(self, wish: Wish) -> int:
        """Have the pool's previous image again; a rollout under way is rolled back instead.

        Raises:
            Refusal: there is no previous image, or no template version that holds it.
            Surprise: AWS did not answer.
        """
        current = self.desk.orders.order(self.desk.pool)
        if current is not None:
            return self.tell(Command.ROLL_BACK)
        if wish.version is not None or wish.image:
            return self.order(wish)
        image = self.desk.previous_image()
        if not image:
            raise Refusal(
                f"pool {wish.pool}: no image was stable before: name a version with --version"
            )
        return self.order(Wish(pool=wish.pool, image=image, canary=False, by=wish.by))

    def tell(self, command: Command) -> int:
        """Tell the rollout under way to go on, halt or roll back; follow unless it is to halt.

        Raises:
            Refusal: none is under way.
            Surprise: SSM did not answer.
        """
        order = self._under_way()
        self.desk.orders.command(order.pool, order.id, command)
        self.show(f"told the rollout {order.id} to {command}")
        if command is Command.HALT:
            return DONE
        going_back = command is Command.ROLL_BACK
        return self.follow(order, wanted=Ending.ROLLED_BACK if going_back else Ending.DONE)

    def watch(self) -> int:
        """Follow the rollout under way, whoever ordered it.

        Raises:
            Refusal: none is under way.
        """
        return self.follow(self._under_way())

    def follow(self, order: Order, *, wanted: Ending = Ending.DONE) -> int:
        """Follow the order to its end, unless we were told to go at once; the exit status."""
        if self.detach:
            return DONE
        with Screen(self.console, self.show) as screen:
            status = follow(self.desk, order, screen, self.rhythm, wanted=wanted)
        for line in self._last_words(order, status):
            self.show(line)
        return status

    def status(self, *, as_json: bool) -> int:
        """How the pool's rollout stands, or the last one ended; always DONE."""
        order = self.desk.orders.order(self.desk.pool)
        standing = self.desk.orders.standing(self.desk.pool)
        if as_json:
            self.show(_record(order, standing))
        elif order is None and standing is None:
            self.show(f"pool {self.desk.pool}: there never was a rollout")
        elif order is None and standing is not None:
            self.show(verdict(standing))
        elif order is not None:
            waves = len(self.desk.policy.waves)
            progress = Progress(order=order, standing=standing, waves=waves)
            for line in progress.block(self.desk.now(), width=self.console.width):
                self.show(line)
        return DONE

    def _asked(self, wish: Wish, faults: list[str]) -> tuple[Group, Order] | None:
        """The group and the order; what cannot be is added to the faults."""
        try:
            group = self.desk.described()
            images = self.desk.images()
            target(wish, images)
        except (Refusal, Missing) as wrong:
            faults.append(str(wrong))
            return None
        at = self.desk.now()
        name = order_id(at, secrets.token_hex(2))
        order = ordered(wish, group, images, order=name, at=at)
        if not wish.named and (why := self.desk.condemned(order.image)):
            faults.append(
                f"the newest version, {order.target}, holds {order.image}, which failed before: "
                f"{why}; name it with --version to try it again"
            )
        return group, order

    def _under_way(self) -> Order:
        order = self.desk.orders.order(self.desk.pool)
        if order is None:
            raise Refusal(f"pool {self.desk.pool}: no rollout is under way")
        return order

    def _last_words(self, order: Order, status: int) -> Iterator[str]:
        """What to do next, where it is not over."""
        if status == UNTAKEN:
            yield from self._untaken(order)
        elif status == HALTED:
            yield "halted: go on with --resume, or return with --roll-back"
        elif status == INTERRUPTED:
            yield (
                f"the rollout {order.id} goes on without us: "
                "see it with --watch, stop it with --halt"
            )
        elif status in {DONE, FAILED}:
            standing = self.desk.orders.standing(order.pool)
            if standing is not None and standing.order == order.id:
                yield verdict(standing)

    def _untaken(self, order: Order) -> Iterator[str]:
        current = self.desk.orders.order(order.pool)
        if current is None or current.id != order.id:
            yield f"the order {order.id} was taken away"
        elif self.withdraw:
            self.desk.orders.close(order.pool, order.id)
            yield "no controller took the order: it is withdrawn; does `run` run?"
        else:
            yield "no controller took the order yet, and the first that runs will: does `run` run?"


def _jobs(desk: Desk, wish: Wish) -> list[str]:
    """The Jenkins jobs that the rollout would run."""
    smoke = [desk.policy.smoke_job] if wish.canary and desk.policy.smoke_job else []
    return smoke + [desk.policy.matrix_job] * (wish.strategy is Strategy.MATRIX)


def _record(order: Order | None, standing: Standing | None) -> str:
    return json.dumps(
        {
            "order": order.as_record() if order is not None else None,
            "standing": standing.as_record() if standing is not None else None,
        },
        indent=2,
    )
