"""URLs of servers: what is told of them before anybody is asked there."""

import pytest

from workhorse.core.addresses import bears_credentials, url_fault


@pytest.mark.parametrize(
    "url", ["", "https://ci.example.com/", "http://[::1]:8080/ci", "http://127.0.0.1:65535"]
)
def test_an_address_that_can_be_asked_has_no_fault(url: str) -> None:
    assert url_fault(url) == ""
    assert not bears_credentials(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://[", "http://[ci]/", "http://:80/", "http:///x", "http://c i/", "ftp://ci/"),
        *("http://ci:65536/", "http://ci:x/", "http://ci:0/", "http://ci:/", "ci.example.com"),
    ],
)
def test_an_address_that_nobody_has_is_told_with_the_rule(url: str) -> None:
    assert url_fault(url) == "must be a URL with a host, and with a port from 1 to 65535 if any"


@pytest.mark.parametrize("url", ["https://me:secret@ci/", "//me@ci", "htps://me:a@b@ci/x"])
def test_a_user_in_an_address_is_seen(url: str) -> None:
    assert bears_credentials(url)


def test_a_path_may_hold_what_names_a_user_elsewhere() -> None:
    assert not bears_credentials("https://ci.example.com/view/me@home")
