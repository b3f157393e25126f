"""The jobs that workhorse needs on Jenkins: rendered, compared, installed."""

from workhorse.commands.command import Command

COMMANDS: tuple[Command, ...] = ()
