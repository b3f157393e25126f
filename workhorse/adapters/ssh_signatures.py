"""Signatures by `ssh-keygen -Y`: people have such keys, and every image has the program."""

import subprocess
import tempfile
from pathlib import Path

from workhorse.core.errors import Refusal, Surprise
from workhorse.core.late import NAMESPACE

PATIENCE_SECONDS = 120
"""How long whoever signs may take to type a passphrase, or to touch a key of hardware."""


def signature(data: bytes, key: Path) -> bytes:
    """The armoured signature of the bytes, for late configuration alone.

    Args:
        data: what is signed.
        key: a private key, or a public one whose private half an agent of ssh holds.

    Raises:
        Refusal: the key is not there or cannot sign.
    """
    done = _run("sign", "-f", str(key), data=data)
    if done.returncode:
        raise Refusal(f"--key: {key}: does not sign: {_last(done.stderr)}")
    return done.stdout


def signer(data: bytes, signature: bytes) -> str:
    """What ssh-keygen says of who signed the bytes: kind and fingerprint of the key.

    Whether agents trust that key is written on their image alone.

    Raises:
        Surprise: it is no signature of these bytes for late configuration.
    """
    with tempfile.NamedTemporaryFile(prefix="workhorse-late-") as file:
        file.write(signature)
        file.flush()
        done = _run("check-novalidate", "-s", file.name, data=data)
    told = done.stdout.decode(errors="replace").strip()
    if done.returncode:
        raise Surprise(f"the signature does not hold: {_last(done.stderr) or told}")
    return told.rpartition(" with ")[2]


def _run(verb: str, *options: str, data: bytes) -> "subprocess.CompletedProcess[bytes]":
    command = ["ssh-keygen", "-Y", verb, "-n", NAMESPACE, *options]
    try:
        return subprocess.run(
            command, input=data, capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
    except FileNotFoundError as wrong:
        raise Refusal("ssh-keygen: is not on PATH") from wrong
    except subprocess.TimeoutExpired as wrong:
        raise Surprise(f"ssh-keygen -Y {verb}: not done in {PATIENCE_SECONDS} s") from wrong


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
