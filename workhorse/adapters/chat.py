"""Chats, through apprise: Slack-style webhooks and a hundred others, each named by a URL.

The URLs are secrets, tokens and all: they are never printed, and neither is what apprise logs,
which may quote them. A failure names a chat by its place in the list and the sort it is.
"""

import logging

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from apprise.plugins.base import NotifyBase

from workhorse.core.errors import Refusal, Surprise


class Chat:
    """The chats behind some URLs, one a line; empty lines and those that begin with # are none.

    Args:
        urls: in apprise's form (https://appriseit.com/services/), or as Slack, Discord and others
            show their webhooks.
        source: what the URLs were read from, for errors.

    Raises:
        Refusal: there is no URL, or one is none that apprise knows.
    """

    def __init__(self, urls: str, *, source: str) -> None:
        _hush()
        lines = ((n, line.strip()) for n, line in enumerate(urls.splitlines(), 1))
        given = [(n, line) for n, line in lines if line and not line.startswith("#")]
        if not given:
            raise Refusal(f"{source}: must hold the URL of a chat, one a line")
        self._chats = [_made(url, source=f"{source}: line {number}") for number, url in given]

    def tell(self, title: str, text: str, *, alarming: bool = False) -> None:
        """Tell every chat.

        Raises:
            Surprise: some could not be told; all were tried.
        """
        kind = NotifyType.WARNING if alarming else NotifyType.INFO
        deaf = [
            f"chat {number} of {len(self._chats)} ({chat.service_name})"
            for number, chat in enumerate(self._chats, 1)
            if not _told(chat, title, text, kind)
        ]
        if deaf:
            raise Surprise(f"not told: {', '.join(deaf)}")


def _made(url: str, *, source: str) -> NotifyBase:
    made = Apprise.instantiate(
        url, asset=AppriseAsset(app_id="workhorse"), suppress_exceptions=True
    )
    if not isinstance(made, NotifyBase):
        raise Refusal(f"{source}: is no URL that apprise knows (it is not shown, as a secret)")
    return made


def _told(chat: NotifyBase, title: str, text: str, kind: NotifyType) -> bool:
    one = Apprise()
    one.add(chat)
    return bool(one.notify(text, title=title, notify_type=kind, body_format=NotifyFormat.TEXT))


def _hush() -> None:
    """Have apprise, and the HTTP below it, log nothing at all."""
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
