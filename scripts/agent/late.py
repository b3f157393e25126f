"""Apply the late configuration that came with the registration: what changed since the bake.

    PYTHONPATH=/usr/local/lib python3 -m workhorse.late --seconds 120

A list of digests, signed by somebody whose key is on the image, names files and a script. The files
are fetched by digest and written whole or not at all, then the script is run, once. A list that was
applied is not applied again. Whatever fails ends this with 1: an agent that is not what it should
be takes no builds.
"""

import argparse
import hashlib
import json
import pwd
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .exchange import FailedError
from .folder import RUN, answer_of, keep
from .late_rules import faults
from .machine import STATE
from .patience import Patience
from .put import put
from .speak import gateway_of_this_machine
from .tell import say

SIGNERS = Path("/etc/workhorse/late.signers")
"""Whose word counts, in the form of ssh-keygen's allowed signers; not there: nobody's."""

NAMESPACE, IDENTITY = "workhorse-late", "workhorse"
"""What a signature is for, and as whom it is made."""

MOST_BYTES = 8 * 1024 * 1024
"""Of one file."""

SCRIPT_SECONDS = 120.0
"""Longest that the script may take."""


class RefusedError(Exception):
    """This late configuration is not applied; the message says why."""


def verified(manifest: Path, signature: Path, signers: Path) -> None:
    """Hold the signature against the keys on the image; raises RefusedError."""
    if not signers.is_file():
        raise RefusedError(f"late configuration came, and {signers} names nobody who may sign it")
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", IDENTITY]
    with manifest.open("rb") as signed:
        ended = subprocess.run(
            [*command, "-n", NAMESPACE, "-s", str(signature)],
            stdin=signed,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    if ended.returncode != 0:
        raise RefusedError(f"the signature is not good: {(ended.stdout + ended.stderr).strip()}")


@dataclass(frozen=True, kw_only=True)
class Applier:
    """Where late configuration is written, and what it comes from. Tests give it another root."""

    fetch: Callable[[str], bytes]
    """The file of a digest."""
    root: Path = Path("/")
    run: Path = RUN
    state: Path = STATE
    signers: Path = SIGNERS
    script_seconds: float = SCRIPT_SECONDS

    def apply(self, pool: str) -> str:
        """Apply the list that was left in the run folder; what was done, in words.

        Raises:
            RefusedError: it is not applied, or not wholly.
            FailedError, OSError: a file was not to be had, or could not be written.
        """
        manifest, signature = self.run / "late.manifest", self.run / "late.signature"
        if not manifest.exists():
            return "there is none"
        verified(manifest, signature, self.signers)
        said = manifest.read_bytes()
        if wrong := faults(said, pool):
            raise RefusedError("; ".join(wrong))
        digest = hashlib.sha256(said).hexdigest()
        done = self.state / "late" / digest
        if done.exists():
            return f"{digest} was applied before"
        told = json.loads(said)
        contents = {each["sha256"]: self._file(each["sha256"]) for each in told["files"]}
        script = self._file(told["script"]["sha256"]) if told["script"] else None
        for each in told["files"]:
            self._write(each, contents[each["sha256"]])
        if script is not None:
            self._run(script)
        done.parent.mkdir(parents=True, exist_ok=True)
        keep(done, said, 0o644)
        return f"version {told['version']} ({digest}): {len(told['files'])} files"

    def _file(self, digest: str) -> bytes:
        content = self.fetch(digest)
        if len(content) > MOST_BYTES or hashlib.sha256(content).hexdigest() != digest:
            raise RefusedError(f"what came for {digest} is something else")
        return content

    def _write(self, told: dict[str, str], content: bytes) -> None:
        """Put a file in its place; raises RefusedError where a link would lead it elsewhere."""
        owner = pwd.getpwnam(told["owner"])
        belongs = (owner.pw_uid, owner.pw_gid)
        try:
            put(self.root, told["path"], content, int(told["mode"], 8), belongs)
        except NotADirectoryError as error:
            raise RefusedError(f"{told['path']} is reached through a link: {error}") from error

    def _run(self, script: bytes) -> None:
        """Run the script as it is, by its first line; it tells the journal what it tells."""
        # Not in /run, from where nothing may be executed on many systems.
        path = self.state / "late" / "script"
        path.parent.mkdir(parents=True, exist_ok=True)
        keep(path, script, 0o700)
        try:
            subprocess.run([path], check=True, cwd="/", timeout=self.script_seconds)
        except subprocess.SubprocessError as error:
            raise RefusedError(f"the script failed: {error}") from error
        finally:
            path.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Apply and give 0, also when there is nothing; 1 when this agent is to take no builds."""
    parser = argparse.ArgumentParser(prog="late", description="Apply late configuration.")
    parser.add_argument("--seconds", default=120, type=float, help="how long fetching may take")
    parser.add_argument("--run", default=RUN, type=Path, help="where registration left it")
    given = parser.parse_args(arguments)
    patience = Patience(given.seconds)

    def fetch(digest: str) -> bytes:
        return patience(lambda: gateway_of_this_machine(given.run).file(digest))

    try:
        pool = str(answer_of(given.run).get("pool", ""))
        done = Applier(fetch=fetch, run=given.run).apply(pool)
    except (OSError, KeyError, FailedError, RefusedError, subprocess.SubprocessError) as error:
        say(f"late configuration: {error}")
        return 1
    say(f"late configuration: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
