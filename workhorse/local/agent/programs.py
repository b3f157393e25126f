"""The programs that an image has, as far as jobs of ours call them.

The agents of an embedded cloud share this machine, which may have no java, no running Docker and no
AWS CLI. So each has a folder first on the PATH of its builds: `java` and `docker`, which only say
that they are there; `aws`, which can make the calls of `aws.py`; `workhorse-leave`, which is the
very script that a real image holds. In a broken image `java` does not start.
"""

import os
import shlex
import sys
import threading
from pathlib import Path

LEAVE = Path(__file__).parents[3] / "scripts/agent/leave"
"""The host's verb, in the checkout that the agents run from."""

_JAVA = """#!/bin/sh
echo 'openjdk version "17.0.0" (embedded)' >&2
"""
_DOCKER = """#!/bin/sh
echo 'Server Version: none (embedded)'
"""
_BROKEN = """#!/bin/sh
echo 'java: error while loading shared libraries: libjli.so' >&2
exit 127
"""


class Programs:
    """A folder of programs, made when the first build asks for it."""

    def __init__(self, folder: Path, *, healthy: bool = True) -> None:
        self._folder = folder
        self._healthy = healthy
        self._lock = threading.Lock()

    def path(self) -> str:
        """A PATH that finds them first."""
        with self._lock:
            if not self._folder.exists():
                self._make()
        return f"{self._folder}:{os.environ.get('PATH', os.defpath)}"

    def _make(self) -> None:
        self._folder.mkdir(parents=True)
        python = shlex.quote(sys.executable)
        aws = f'#!/bin/sh\nexec {python} -S -m workhorse.local.agent.aws "$@"\n'
        java = _JAVA if self._healthy else _BROKEN
        texts = {"java": java, "docker": _DOCKER, "aws": aws}
        for name, text in texts.items():
            (self._folder / name).write_text(text)
            (self._folder / name).chmod(0o755)
        (self._folder / "workhorse-leave").symlink_to(LEAVE)
