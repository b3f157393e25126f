"""Answers as plain values, and the families of error pages that real servers send.

Clients must not read the HTML; it is as long as the real one, so that reading it hurts.
"""

import re
from dataclasses import dataclass, field
from html import escape

HTML = "text/html;charset=utf-8"
JETTY = "text/html;charset=iso-8859-1"
TEXT = "text/plain;charset=utf-8"
JSON = "application/json;charset=utf-8"

_PADDING = "<!-- a themed page of a real server is about this long -->\n" * 1240
_NOT_LATIN = re.compile(r"[^\x00-\xff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, body, content type (none where it is empty) and further headers."""

    status: int = 200
    body: str | bytes = ""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    themed: bool = False
    """It bears the headers of a Jenkins page or API answer."""


def redirect(url: str) -> Answer:
    """302 to an absolute URL, without a body."""
    return Answer(status=302, headers={"Location": url})


def text(body: str, status: int = 200) -> Answer:
    """Plain text."""
    return Answer(status=status, body=body, content_type=TEXT)


def jetty(status: int, message: str, path: str = "") -> Answer:
    """The servlet container's short error page."""
    shown = escape(message)
    body = (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n'
        f"<title>Error {status} {shown}</title>\n</head>\n"
        f"<body><h2>HTTP ERROR {status} {shown}</h2>\n<table>\n"
        f"<tr><th>URI:</th><td>{escape(path)}</td></tr>\n"
        f"<tr><th>STATUS:</th><td>{status}</td></tr>\n"
        f"<tr><th>MESSAGE:</th><td>{shown}</td></tr>\n</table>\n</body>\n</html>\n"
    )
    return Answer(status=status, body=body.encode("latin-1", "replace"), content_type=JETTY)


def page(status: int, title: str, **headers: str) -> Answer:
    """A themed Jenkins page, about 72 kB long; underscores in header names become hyphens."""
    body = f"<!DOCTYPE html><html><head><title>{escape(title)}</title></head>{_PADDING}</html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=body, content_type=HTML, headers=named, themed=True)


def failure(message: str) -> Answer:
    """A form was refused: 400 with the message in X-Error, its curly quotes turned to blanks."""
    return page(400, "Error", X_Error=_NOT_LATIN.sub(" ", message))


def not_found() -> Answer:
    """The object is not there, or the caller may not know that it is."""
    return page(404, "Not Found")


def post_required() -> Answer:
    """An action was asked for with GET."""
    return page(405, "Form post required")


def oops() -> Answer:
    """An exception was thrown; the message is not shown."""
    body = "<!DOCTYPE html><html><body><h2>Oops!</h2><p>A problem occurred.</p></body></html>"
    return Answer(status=500, body=body.ljust(8000), content_type=HTML, themed=True)


def forbidden(user: str, permission: str) -> Answer:
    """A known user lacks a permission."""
    return page(
        403,
        "Access Denied",
        X_You_Are_Authenticated_As=user,
        X_You_Are_In_Group_Disabled="JENKINS-39402: use -Dhudson.security."
        "AccessDeniedException2.REPORT_GROUP_HEADERS=true or use /whoAmI to diagnose",
        X_Required_Permission=permission,
        X_Permission_Implied_By="hudson.model.Hudson.Administer",
    )


def login_required(path: str) -> Answer:
    """Anonymous may not even look."""
    target = f"/login?from={escape(path)}"
    body = f"<html><head><meta http-equiv='refresh' content='1;url={target}'/></head></html>"
    return Answer(status=403, body=body.ljust(609), content_type=HTML, themed=True)


def starting(**headers: str) -> Answer:
    """The controller boots: at first without any of Jenkins' headers, later with these."""
    body = "<!DOCTYPE html><html><head><title>Starting Jenkins</title></head></html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=503, body=body.ljust(843), content_type=HTML, headers=named)
