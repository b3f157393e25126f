"""Delivery: plan, ask, approve, apply."""

from workhorse.commands.command import Command

COMMANDS: tuple[Command, ...] = ()
