"""Manifests of late configuration, good and bad ones, for both sides that check them."""

import json
from typing import Any

POOL = "linux"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

FILE: dict[str, Any] = {
    "path": "/etc/pip.conf",
    "mode": "0644",
    "owner": "root",
    "sha256": DIGEST,
}
GOOD: dict[str, Any] = {
    "version": "20261121T141500Z",
    "pool": POOL,
    "files": [
        FILE,
        {**FILE, "path": "/home/jenkins/.m2/settings.xml", "mode": "0600", "owner": "jenkins"},
        {**FILE, "path": "/usr/local/bin/tool+x@1_2", "mode": "0755"},
    ],
    "script": {"sha256": DIGEST},
}


def written(record: object) -> bytes:
    """The manifest as bytes."""
    return json.dumps(record).encode()


GOOD_ONES = {
    "files and a script": written(GOOD),
    "a script alone": written({**GOOD, "files": []}),
    "files alone": written({**GOOD, "script": None}),
    "a neighbour of what is forbidden": written(
        {**GOOD, "files": [{**FILE, "path": "/etc/sshd-banner"}, {**FILE, "path": "/etc/ssh2/a"}]}
    ),
}

PATHS = {
    "relative": "etc/pip.conf",
    "empty": "",
    "the root": "/",
    "a root of ours": "/etc",
    "beside the roots": "/var/lib/a",
    "like a root": "/etcetera/a",
    "upwards": "/etc/../root/.profile",
    "upwards at the end": "/etc/a/..",
    "a dot": "/etc/./pip.conf",
    "two slashes": "/etc//pip.conf",
    "a slash at the end": "/etc/pip/",
    "a line end": "/etc/pip.conf\n",
    "a zero": "/etc/pip\x00.conf",
    "a blank": "/etc/pip conf",
    "not of ASCII": "/etc/\u00e9",
    "too long": "/etc/" + "a" * 251,
    "our settings": "/etc/workhorse/late.signers",
    "our programs": "/usr/local/lib/workhorse/late",
    "one of our units": "/etc/systemd/system/workhorse-agent.service",
    "a drop-in of our unit": "/etc/systemd/system/workhorse-agent.service.d/a.conf",
    "sudoers": "/etc/sudoers",
    "sudoers' directory": "/etc/sudoers.d/builds",
    "accounts": "/etc/passwd",
    "passwords": "/etc/shadow",
    "pam": "/etc/pam.d/sshd",
    "the host's keys": "/etc/ssh/sshd_config",
    "the user's keys": "/home/jenkins/.ssh/authorized_keys",
    "preloaded": "/etc/ld.so.preload",
    "a number": 7,
    "nothing": None,
}
"""Paths that no file may have."""

FILES: dict[str, object] = {
    "setuid": {**FILE, "mode": "4755"},
    "for all to write": {**FILE, "mode": "0666"},
    "a mode of three": {**FILE, "mode": "644"},
    "a mode that is a number": {**FILE, "mode": 0o644},
    "a mode that is not octal": {**FILE, "mode": "0689"},
    "a mode with a line end": {**FILE, "mode": "0644\n"},
    "another owner": {**FILE, "owner": "daemon"},
    "an owner that is a number": {**FILE, "owner": 0},
    "an owner that is a list": {**FILE, "owner": ["root"]},
    "a digest too short": {**FILE, "sha256": DIGEST[1:]},
    "a digest in capitals": {**FILE, "sha256": DIGEST.upper()},
    "no digest": {key: value for key, value in FILE.items() if key != "sha256"},
    "a key more": {**FILE, "group": "root"},
    "a text": "/etc/pip.conf",
}
"""What no file may be."""

RECORDS: dict[str, object] = {
    "a list": [],
    "a key less": {key: value for key, value in GOOD.items() if key != "script"},
    "a key more": {**GOOD, "expires": 1},
    "no version": {**GOOD, "version": ""},
    "a version with a slash": {**GOOD, "version": "../1"},
    "a version that is a number": {**GOOD, "version": 1},
    "another pool": {**GOOD, "pool": "windows"},
    "nothing to do": {**GOOD, "files": [], "script": None},
    "files that are no list": {**GOOD, "files": {"/etc/pip.conf": DIGEST}},
    "too many files": {
        **GOOD,
        "files": [{**FILE, "path": f"/etc/a/{number}"} for number in range(201)],
    },
    "a script that is a text": {**GOOD, "script": DIGEST},
    "a script with more": {**GOOD, "script": {"sha256": DIGEST, "user": "root"}},
    "a script without a digest": {**GOOD, "script": {"sha256": ""}},
    "one path twice": {**GOOD, "files": [FILE, FILE]},
    "a file below a file": {**GOOD, "files": [FILE, {**FILE, "path": "/etc/pip.conf/a"}]},
    **{f"path: {name}": {**GOOD, "files": [{**FILE, "path": it}]} for name, it in PATHS.items()},
    **{f"file: {name}": {**GOOD, "files": [it]} for name, it in FILES.items()},
}

BAD_ONES = {
    **{name: written(record) for name, record in RECORDS.items()},
    "no JSON": b"version: 1",
    "nothing": b"",
    "not UTF-8": b'{"version": "\xff"}',
    "a key twice": written(GOOD)[:-1] + b', "pool": "linux"}',
    "a key of a file twice": written(GOOD).replace(b'{"path"', b'{"mode": "0755", "path"'),
    "too long": written(GOOD) + b" " * 256 * 1024,
    "too deep": b"[" * 100_000,
}
"""Name to bytes that nobody may take for a manifest of the pool."""
