"""What is wrong with the URL of a server, before anybody is asked there."""

import re

_CREDENTIALS = re.compile(r"//[^/?#]*@")

_SERVER = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#\s]+)(?::([0-9]{1,5}))?(?:[/?#].*)?")
"""A name or an address, IPv6 in brackets, and a port."""

LAST_PORT = 65_535


def bears_credentials(url: str) -> bool:
    """Whether it holds a user or a password: it would be told with every request that fails."""
    return _CREDENTIALS.search(url) is not None


def url_fault(url: str) -> str:
    """Which rule the URL of a server breaks; empty for none, and for an empty URL."""
    found = _SERVER.fullmatch(url)
    if url and (found is None or not 0 < int(found[2] or 80) <= LAST_PORT):
        return f"must be a URL with a host, and with a port from 1 to {LAST_PORT} if any"
    return ""
