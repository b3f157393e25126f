"""Two answers side by side: what a real server said and what the stand-in says.

Compared are the status, Location, X-Error, the content type, the other headers of `_HEADERS`,
and the body: JSON and XML key by key and value by value, text whole, the container's error pages
by their title. Themed pages (tens of kilobytes of HTML) count by status and headers alone.

Not the same on any two servers, and so compared by kind only: the root URL, ids of queue items
(which must be renamed alike everywhere in an answer), points in time, what a machine measures
(memory, disks, clocks, load averages), secrets, crumbs and sessions.
Jenkins promises no order of labels, executors and the nodes of a label, nor which executor's
number serves what; those are compared as sets. A stack trace is compared as being one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

_HEADERS = (
    "Content-Encoding",
    "Content-Type",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Error",
    "X-Frame-Options",
    "X-Hudson",
    "X-Jenkins",
    "X-Permission-Implied-By",
    "X-Required-Permission",
    "X-You-Are-Authenticated-As",
    "X-You-Are-In-Group-Disabled",
)
_MASKED = re.compile(r"<masked>|\brealm=")
_SECRET = re.compile(r"\b[0-9a-f]{64}\b")
_DATE = re.compile(r"^#\w{3} \w{3} \d\d .*$", re.MULTILINE)
_ITEM = re.compile(r"queue/item/(\d+)/")
_SPAN = re.compile(r"(?<=Expires in )\d+(\.\d)? (ms|sec)")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)

_TIMES = frozenset({"timestamp", "inQueueSince", "buildableStartMilliseconds"})
_MEASURED = re.compile(r".*(Millis|Memory)|size|totalSize|average|diff")
_UNORDERED = frozenset({"assignedLabels", "authorities", "executors", "nodes", "oneOffExecutors"})
_GROUP = "group of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer and the root URL of the server that gave it; header names as sent."""

    root: str
    status: int
    headers: Mapping[str, str]
    text: str

    def header(self, name: str) -> str:
        """A header's value; empty where there is none."""
        found = next((v for k, v in self.headers.items() if k.lower() == name.lower()), "")
        if found and name == "Location":  # the recorded 2.541.2 had a Jetty that tells it in full
            found = urljoin(self.root, found)
        return found.replace(self.root, "ROOT/")


@dataclass
class _Names:
    """Ids of the one side by those of the other."""

    there: dict[object, object] = field(default_factory=dict)
    back: dict[object, object] = field(default_factory=dict)

    def alike(self, recorded: object, answered: object) -> bool:
        """Tell whether this pair agrees with every pair before."""
        forth = self.there.setdefault(recorded, answered) == answered
        return self.back.setdefault(answered, recorded) == recorded and forth


def differences(recorded: Answer, answered: Answer) -> list[str]:
    """Every difference that counts, in words; empty where the answers conform."""
    names = _Names()
    found = [*_head(recorded, answered, names)]
    kinds = [(each.status, each.header("Content-Type")) for each in (recorded, answered)]
    if kinds[0] == kinds[1]:  # otherwise the bodies are of different kinds, and that says it
        found += _body(recorded, answered, names)
    return found


def _head(recorded: Answer, answered: Answer, names: _Names) -> Iterator[str]:
    if recorded.status != answered.status:
        yield f"status: recorded {recorded.status}, answered {answered.status}"
    for name in _HEADERS:
        was, is_ = (_MASKED.sub("", each.header(name)) for each in (recorded, answered))
        if was != is_:
            yield f"{name}: recorded {was!r}, answered {is_!r}"
    if bool(recorded.header("X-Jenkins-Session")) != bool(answered.header("X-Jenkins-Session")):
        yield "X-Jenkins-Session: only one has it"
    yield from _words("Location", recorded.header("Location"), answered.header("Location"), names)


def _body(recorded: Answer, answered: Answer, names: _Names) -> Iterator[str]:
    kind = recorded.header("Content-Type").partition(";")[0]
    one, two = (each.text.replace(each.root, "ROOT/") for each in (recorded, answered))
    if recorded.header("X-Hudson-Theme"):
        return
    if recorded.header("Content-Encoding"):  # the recording keeps the packed bytes as broken text
        return
    if "xml" in kind or "jnlp" in kind:
        yield from _element("", ET.fromstring(one), ET.fromstring(two))  # noqa: S314 - ours
    elif kind == "text/html":
        one, two = (" ".join(_TITLE.findall(each)) for each in (one, two))
        yield from _words("title", one, two, names)
    elif kind == "application/json" and one:
        yield from _Values(names).differences("", json.loads(one), json.loads(two))
        if ("\n" in one) != ("\n" in two):
            yield "body: only one is printed prettily"
    elif "\n\tat " in one:
        if "\n\tat " not in two:
            yield f"body: recorded a stack trace, answered {two!r}"
    else:
        yield from _words("body", one, two, names)


def _words(place: str, recorded: str, answered: str, names: _Names) -> Iterator[str]:
    one, two = _plain(recorded), _plain(answered)
    ids = [_ITEM.findall(each) for each in (one, two)]
    same = all(names.alike(int(was), int(is_)) for was, is_ in zip(*ids, strict=False))
    if _ITEM.sub("item", one) != _ITEM.sub("item", two) or not same:
        yield f"{place}: recorded {recorded!r}, answered {answered!r}"


def _plain(text: str) -> str:
    """A text without secrets, dates and spans of time."""
    return _SPAN.sub(r"N \2", _DATE.sub("#DATE", _SECRET.sub("SECRET", text)))


def _element(place: str, recorded: ET.Element, answered: ET.Element) -> Iterator[str]:
    place = f"{place}/{recorded.tag}"
    if (recorded.tag, recorded.attrib) != (answered.tag, answered.attrib):
        yield f"{place}: recorded {recorded.attrib}, answered {answered.tag} {answered.attrib}"
        return
    one, two = [each.tag for each in recorded], [each.tag for each in answered]
    if one != two:
        yield f"{place}: recorded {one}, answered {two}"
        return
    if recorded.tag != "timestamp":
        texts = [_SECRET.sub("SECRET", (each.text or "").strip()) for each in (recorded, answered)]
        if texts[0] != texts[1]:
            yield f"{place}: recorded {texts[0]!r}, answered {texts[1]!r}"
    for below, other in zip(recorded, answered, strict=True):
        yield from _element(place, below, other)


class _Values:
    """Compares JSON values; knows the ids met so far."""

    def __init__(self, names: _Names) -> None:
        self._names = names

    def differences(self, place: str, recorded: object, answered: object) -> Iterator[str]:
        """What differs at a place and below."""
        key = place.rpartition(".")[2]
        if type(recorded) is not type(answered):
            yield f"{place}: recorded {recorded!r}, answered {answered!r}"
        elif isinstance(recorded, dict) and isinstance(answered, dict):
            yield from self._object(place, recorded, answered)
        elif isinstance(recorded, list) and isinstance(answered, list):
            yield from self._list(place, recorded, answered)
        elif isinstance(recorded, str) and isinstance(answered, str):
            one, two = _unordered(recorded), _unordered(answered)
            yield from _words(place, one, two, self._names)
        elif not self._alike(key, recorded, answered):
            yield f"{place}: recorded {recorded!r}, answered {answered!r}"

    def _object(
        self, place: str, recorded: dict[str, object], answered: dict[str, object]
    ) -> Iterator[str]:
        for key in sorted(recorded.keys() - answered.keys()):
            yield f"{place}.{key}: not answered"
        for key in sorted(answered.keys() - recorded.keys()):
            yield f"{place}.{key}: not recorded"
        for key in sorted(recorded.keys() & answered.keys()):
            if "idle" in recorded and key == "number" and recorded[key] != -1 != answered[key]:
                continue  # an executor's: which one serves is not promised
            if key == "path" and "DiskSpaceMonitor" in place:
                continue  # where the machine's disk is mounted
            yield from self.differences(f"{place}.{key}", recorded[key], answered[key])

    def _list(self, place: str, recorded: list[object], answered: list[object]) -> Iterator[str]:
        if len(recorded) != len(answered):
            yield f"{place}: recorded {len(recorded)}, answered {len(answered)}: {answered!r}"
            return
        if place.rpartition(".")[2] in _UNORDERED:
            recorded, answered = sorted(recorded, key=_face), sorted(answered, key=_face)
        for number, (one, two) in enumerate(zip(recorded, answered, strict=True)):
            yield from self.differences(f"{place}[{number}]", one, two)

    def _alike(self, key: str, recorded: object, answered: object) -> bool:
        """Tell whether two numbers, truths or nulls mean the same."""
        if key in {"id", "queueId"}:
            return self._names.alike(recorded, answered)
        if isinstance(recorded, int) and isinstance(answered, int):
            if key in _TIMES:
                return recorded > 0 < answered
            if _MEASURED.fullmatch(key):
                return True
        if key == "latest" and isinstance(recorded, float) and isinstance(answered, float):
            return (recorded == 0) == (answered == 0)
        return recorded == answered


def _unordered(text: str) -> str:
    """An expression's description lists its nodes in no order."""
    if not text.startswith(_GROUP):
        return text
    return _GROUP + ",".join(sorted(text.removeprefix(_GROUP).split(",")))


def _face(value: object) -> str:
    """What a member of a set is known by: its text without what differs between servers."""
    text = json.dumps(_sorted(value), sort_keys=True)
    return re.sub(r'"(number|id|queueId|timestamp|\w*Millis)": \d+', "", text)


def _sorted(value: object, key: str = "") -> object:
    """A value with every set below it in one order."""
    if isinstance(value, dict):
        return {name: _sorted(below, name) for name, below in value.items()}
    if isinstance(value, list):
        below = [_sorted(each) for each in value]
        return sorted(below, key=_face) if key in _UNORDERED else below
    return value
