"""A program called `packer` that says what the real one was recorded to say.

The recordings in `packer_says/` are of Packer 1.6.6 baking the real role on the embedded AWS, with
most of what packages and Puppet print left out.
"""

import json
import shlex
from pathlib import Path

SAYS = Path(__file__).parent / "packer_says"
SUCCESS, PUPPET_FAILS = SAYS / "success.txt", SAYS / "puppet-fails.txt"
VERSION = "Packer v1.6.6"

_SCRIPT = """#!/bin/bash
case "$1" in
    version) echo {version}; exit 0 ;;
    init) exit 0 ;;
esac
env >{environment}
cat bake.auto.pkrvars.json >{variables}
{body}
"""

_INTERRUPTED = """\
if [ -z "$INNER" ]; then
    # As the real one, which is two processes: the outer waits for the inner, and does nothing else.
    trap : INT
    INNER=yes "$0" "$@"
    exit $?
fi
trap 'kill $pid; sed -n "/Terminating the source/,\\$p" {says}; exit 1' INT
sed "/Terminating the source/,\\$d" {says}
sleep 600 >/dev/null 2>&1 &
pid=$!
wait $pid
"""


class PackerStand:
    """An executable in a folder of its own; `environment` and `variables` are what it was given."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.path = folder / "packer"
        self._environment = folder / "environment"
        self._variables = folder / "variables"

    def says(self, recording: Path, code: int, *, image: str = "", version: str = VERSION) -> Path:
        """Play a recording; with an image, write the manifest of its bake."""
        body = [f"cat {shlex.quote(str(recording))}"]
        if image:
            manifest = json.dumps({"builds": [{"artifact_id": f"us-east-1:{image}"}]})
            target = '$(sed -n \'s/.*"manifest": "\\(.*\\)".*/\\1/p\' bake.auto.pkrvars.json)'
            body.append(f'echo {shlex.quote(manifest)} >"{target}"')
        return self._write("\n".join([*body, f"exit {code}"]), version)

    def waits(self, recording: Path) -> Path:
        """Play a recording up to its cleaning up, and the rest when it is interrupted."""
        return self._write(_INTERRUPTED.format(says=shlex.quote(str(recording))), VERSION)

    def environment(self) -> dict[str, str]:
        """What the last build saw."""
        lines = self._environment.read_text().splitlines()
        return dict(line.partition("=")[::2] for line in lines)

    def variables(self) -> dict[str, object]:
        """What the last build was told."""
        found: dict[str, object] = json.loads(self._variables.read_text())
        return found

    def _write(self, body: str, version: str) -> Path:
        text = _SCRIPT.format(
            version=shlex.quote(version),
            environment=shlex.quote(str(self._environment)),
            variables=shlex.quote(str(self._variables)),
            body=body,
        )
        self.path.write_text(text)
        self.path.chmod(0o755)
        return self.path
