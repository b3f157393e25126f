"""agent.jar as the stand-in serves it: a jar as long as the real one, in which no agent is.

Whoever downloads it, measures it or compares its digest is answered as by a real controller; only
to run it makes no sense. It differs between versions, as the real ones do.
"""

import io
import random
import zipfile
from functools import lru_cache

SIZE = 1_400_000
"""Bytes; the recorded servers' are 1.39 to 1.41 MB."""

_MANIFEST = """\
Manifest-Version: 1.0
Main-Class: hudson.remoting.Launcher
Jenkins-Version: {version}
"""


@lru_cache(maxsize=4)
def agent_jar(version: str) -> bytes:
    """The jar of a core's version, always the same."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as jar:
        _add(jar, "META-INF/MANIFEST.MF", _MANIFEST.format(version=version).encode())
        _add(jar, "none-of-it", random.Random(version).randbytes(SIZE))  # noqa: S311 - padding
    return made.getvalue()


def _add(jar: zipfile.ZipFile, name: str, content: bytes) -> None:
    """An entry with the date that entries have by default, whenever it is made."""
    jar.writestr(zipfile.ZipInfo(name), content)
