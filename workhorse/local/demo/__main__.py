"""`python -m workhorse.local.demo`: exit status 0 when no build was killed and nothing leaked.

1: a build was killed, a hook lost or something left over. 2: the demo could not be shown.
130: interrupted; nothing of the run stays behind.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from workhorse.core.errors import Refusal, Surprise
from workhorse.local.demo import interrupts, run_folder
from workhorse.local.demo.accounting import Account
from workhorse.local.demo.options import CHECKOUT, Options, parse
from workhorse.local.demo.processes import StageError
from workhorse.local.demo.report import as_json, report
from workhorse.local.demo.screen import Screen
from workhorse.local.demo.show import Show

CLEAN, FAULTY, NOT_SHOWN, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the demo and print its report; gives the exit status."""
    options = parse(arguments)
    interrupts.arm()
    try:
        folder = run_folder.claim(options.runs)
    except OSError as wrong:
        sys.stderr.write(f"--runs: {options.runs}: cannot be made: {wrong}\n")
        return NOT_SHOWN
    screen = Screen(sys.stdout)
    show = Show(options, screen, folder)
    try:
        with screen:
            found = show.play()
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        screen.say("interrupted: everything was stopped, nothing of this run stays")
        return INTERRUPTED
    except (StageError, Surprise, Refusal, ValueError, OSError) as error:
        screen.say(f"the demo could not be shown: {error}")
        screen.say(f"logs: {_short(folder / 'logs')}")
        return NOT_SHOWN
    _tell(found, options, folder, show.journal)
    return CLEAN if found.clean else FAULTY


def _tell(found: Account, options: Options, folder: Path, journal: Path) -> None:
    title = (
        f"{options.trace.name}, {options.hours:g} hours from hour {options.start:g} on, "
        f"{options.speed:g} times as fast; all times are those of the trace"
    )
    places = {"journal": _short(journal), "logs": _short(folder / "logs")}
    (folder / "report.json").write_text(as_json(found, title=title, places=places))
    text = report(found, title=title, places=places)
    (folder / "report.txt").write_text(text + "\n")
    sys.stdout.write(f"\n{text}\n")


def _short(path: Path) -> str:
    """The path from where people are, when that is shorter."""
    whole = path.resolve()
    return str(whole.relative_to(CHECKOUT)) if whole.is_relative_to(CHECKOUT) else str(whole)


if __name__ == "__main__":
    sys.exit(main())
