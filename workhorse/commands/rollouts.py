"""Rollouts: order one, watch it, halt it, take it back."""

from workhorse.commands.command import Command

COMMANDS: tuple[Command, ...] = ()
