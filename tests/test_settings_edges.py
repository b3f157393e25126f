"""Settings as tired people write them: secrets in the wrong place, odd characters, huge numbers."""

import re
from pathlib import Path

import pytest

from tests.test_settings import LEAST, POOL, faults
from workhorse.settings import load, parse, reference
from workhorse.settings.sections import MOST

SECRET = "11" + "c0ffee00" * 4
"""What an API token of Jenkins looks like."""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f'[jenkins]\ntoken = "{SECRET}"', "jenkins.token: (not shown): is no setting here"),
        (f'[jenkins]\ntoken = ["{SECRET}"]', "jenkins.token: (not shown): is no setting here"),
        (f'[secrets]\njenkins = "{SECRET}"', "secrets: (not shown): is no setting here"),
        (
            f'[jenkins]\ntoken_file = "{SECRET}"',
            "jenkins.token_file: (not shown): must name the token's place, and is a token itself",
        ),
        (
            f'[chat]\nurls_file = "slack://{SECRET}/"',
            "chat.urls_file: (not shown): must name the URLs' place, and is a URL itself",
        ),
        *(
            (
                f'[{section}]\n{key} = "https://me:{SECRET}@example.com/"',
                f"{section}.{key}: (not shown): must hold no user and no password: it is told",
            )
            for section, key in (
                ("jenkins", "url"),
                ("aws", "endpoint"),
                ("gateway", "jenkins_url"),
            )
        ),
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_shown(text: str, fault: str) -> None:
    told = faults(text)

    assert fault in told
    assert not any(SECRET in line for line in told)


@pytest.mark.parametrize("url", ["http://[", "http://ci:65536/", "http://ci:port/"])
def test_a_url_that_nobody_can_ask_is_refused_at_once(url: str) -> None:
    """Requests would end in an error of the library that makes them."""
    (fault,) = (line for line in faults(f'[jenkins]\nurl = "{url}"') if "jenkins.url" in line)

    assert fault.startswith(f'jenkins.url: "{url}": must be a URL with a host')


@pytest.mark.parametrize("host", ["a..b", "*", "caf\u00e9", "a" * 64, "[", "me@ci"])
@pytest.mark.parametrize(("section", "key"), [("metrics", "prometheus"), ("gateway", "listen")])
def test_a_place_that_no_host_can_have_is_refused(section: str, key: str, host: str) -> None:
    text = f'{LEAST}[{section}]\n{key} = "{host}:80"\n{POOL}'
    rule = f'{section}.{key}: "{host}:80"'[:60]

    (fault,) = (line for line in faults(text) if f"{section}.{key}" in line)
    assert fault.startswith(rule)
    assert fault.endswith(": must begin with the name of a host, or its address")


@pytest.mark.parametrize("character", ["\\u0000", "\\n", "\\u001b", "\\u007f"])
def test_a_control_character_is_in_no_name_and_no_path(character: str) -> None:
    text = LEAST.replace("journal.jsonl", f"journal{character}.jsonl") + POOL

    (fault,) = faults(text)
    assert fault.startswith("journal.path: ")
    assert fault.endswith(": must have no control character")


NUMBERS = re.findall(r"^\| `([^`]+)` \| (?:number|whole number)", reference(), re.MULTILINE)


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("number", [MOST + 1, 10**30])
def test_a_number_beyond_reason_is_refused(key: str, number: int) -> None:
    """A timer or a calendar would end the controller over it, long after the start."""
    section, _, name = key.replace("[]", "").rpartition(".")
    table = f"[[{section}]]" if section.endswith("budgets") else f"[{section}]"
    line = f"{name} = {number}\n"
    pool = POOL.replace("ceiling = 10\n", "") if name == "ceiling" else POOL

    told = faults(LEAST + pool + (line if section == "pool" else f"{table}\n{line}"))

    assert any(f".{name}: {number}: must be" in fault for fault in told)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_from_windows_is_read_as_any_other(tmp_path: Path, mark: bytes, end: str) -> None:
    file = tmp_path / "workhorse.toml"
    file.write_bytes(mark + (LEAST + POOL).replace("\n", end).encode())

    assert load(file) == parse(LEAST + POOL)
