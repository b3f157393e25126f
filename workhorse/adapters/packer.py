"""Packer, run once: the template staged for its version, its lines heard, its manifest read.

Variables travel in a file that only we can read; Packer's own cleaning up is waited for.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from workhorse.adapters.packer_stage import stage
from workhorse.adapters.terraform_process import Ended, run
from workhorse.core.bake import TAIL, Baking, Line, baked, lines, plugged, version
from workhorse.core.errors import Refusal, Surprise

GRACE_SECONDS = 600
"""How long an interrupted Packer may take to end its instance and delete what it made."""

VERSION_SECONDS = 60
"""How long it may take to say its version on a busy machine."""

VARIABLES = "bake.auto.pkrvars.json"
"""A name that Packer reads by itself, beside the template."""

MANIFEST = "manifest.json"


class BakeError(Surprise):
    """A bake failed; `baking` says at which step, and what was made until then."""

    def __init__(self, baking: Baking, because: str, tail: tuple[str, ...] = ()) -> None:
        self.baking = baking
        step = f'at "{baking.step}"' if baking.step else "before its first step"
        told = [f"the bake failed {step}: {because}", *(f"  {line}" for line in tail)]
        super().__init__("\n".join(told))


class Packer:
    """A Packer on this machine.

    Args:
        binary: name on PATH, or path, of the executable.
        environ: the whole environment of the process.

    Raises:
        Refusal: there is none of that name, it is another program, or of a version that we cannot
            serve.
    """

    def __init__(self, binary: str, environ: Mapping[str, str]) -> None:
        found = shutil.which(binary, path=environ.get("PATH", os.defpath))
        if found is None:
            raise Refusal(f"bake.packer: {binary}: must be HashiCorp's Packer, on PATH or a path")
        self._binary = found
        self._environ = {**environ, "CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1"}
        self.version = self._asked_version()

    def build(
        self,
        folder: Path,
        template: Path,
        variables: Mapping[str, object],
        *,
        heard: Callable[[Baking, Line], None],
        limit_seconds: float,
    ) -> tuple[str, Baking]:
        """Bake; gives the AMI of the variable `region`, and what was made on the way.

        Args:
            folder: empty and ours, for the staged template, the variables and the manifest.
            template: the folder of the template.
            variables: the template's variables; `manifest` is added.
            heard: called with every line, and how far the bake was then.
            limit_seconds: after so long Packer is interrupted, and cleans up.

        Raises:
            BakeError: it failed; the last lines are in the message.
        """
        staged = stage(template, folder / "template", plugins=plugged(self.version))
        manifest = folder / MANIFEST
        given = {**variables, "manifest": str(manifest)}
        file = staged / VARIABLES
        file.touch(mode=0o600)
        file.write_text(json.dumps(given, indent=2))
        baking = Baking()

        def hear(raw: str) -> None:
            nonlocal baking
            for line in lines(raw):
                baking = baking.heard(line)
                heard(baking, line)

        commands = [["init", "."]] if plugged(self.version) else []
        for words in (*commands, ["build", "-machine-readable", "-color=false", "."]):
            ended = self._run(words, staged, hear, limit_seconds)
            if ended.code != 0:
                tail = (*(baking.tail or ended.tail), *ended.faults)[-TAIL:]
                because = baking.why or f"packer {words[0]} ended with {ended.code}"
                raise BakeError(baking, because, tail)
        try:
            return baked(manifest.read_text(), str(variables["region"])), baking
        except (OSError, ValueError) as wrong:
            raise BakeError(baking, str(wrong)) from wrong

    def _run(
        self, words: list[str], staged: Path, hear: Callable[[str], None], limit_seconds: float
    ) -> Ended:
        return run(
            [self._binary, *words],
            directory=staged,
            environ=self._environ,
            heard=hear,
            limit_seconds=limit_seconds,
            grace_seconds=GRACE_SECONDS,
            to_all=True,
        )

    def _asked_version(self) -> tuple[int, ...]:
        try:
            told = subprocess.run(
                [self._binary, "version"],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=VERSION_SECONDS,
                check=False,
            )
            found = version(told.stdout)
            plugged(found)
        except (OSError, subprocess.TimeoutExpired, ValueError) as wrong:
            raise Refusal(f"bake.packer: {self._binary}: {wrong}") from None
        return found
