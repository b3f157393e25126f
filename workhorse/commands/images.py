"""Images: bake one, list them, check one, promote, prune."""

from workhorse.commands.command import Command

COMMANDS: tuple[Command, ...] = ()
