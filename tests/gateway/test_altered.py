"""Whatever of a good proof is altered, nothing is admitted."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.scene import MEMBER, SECOND, STRANGER, Scene, made
from workhorse.core.admission import Status
from workhorse.core.requests import Reply, Request

HEADERS = (
    "Content-Type",
    "Host",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Workhorse-Nonce",
    "X-Workhorse-Server",
    "Authorization",
)

Path = tuple[str, ...]

PLACES: tuple[Path, ...] = (
    ("name",),
    ("way",),
    *(("proof", key) for key in ("method", "url", "body")),
    *(("proof", "headers", name) for name in HEADERS),
)
"""All that a registration proves anything by."""

ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.lists(st.text(max_size=3), max_size=2))


def ask(scene: Scene, path: str, body: dict[str, Any]) -> Reply:
    """The gateway's answer, without HTTP."""
    return scene.gateway.answer(Request(method="POST", path=path, body=body))


def good(scene: Scene) -> dict[str, Any]:
    """A registration that would be admitted."""
    nonce = str(ask(scene, "/v1/nonce", {}).body["nonce"])
    proof = scene.proof(scene.sts.issue(MEMBER), nonce)
    return {"way": "gateway", "name": MEMBER, "proof": proof}


def holder(claim: dict[str, Any], place: Path) -> dict[str, Any]:
    """The object in which the last key of the place lies."""
    for key in place[:-1]:
        claim = claim[key]
    return claim


@st.composite
def alterations(draw: st.DrawFn) -> tuple[Path, tuple[str, int], Any]:
    """A place, what is done there, and with what."""
    place = draw(st.sampled_from(PLACES))
    deed = draw(st.sampled_from(("replace", "insert", "cut", "swap", "drop", "odd")))
    with_what = draw(ODD if deed == "odd" else st.text(min_size=1, max_size=20))
    at = draw(st.integers(0, 10_000))
    return place, (deed, at), with_what


def altered(claim: dict[str, Any], place: Path, deed: str, at: int, what: Any) -> dict[str, Any]:
    """The claim with one thing done to it."""
    changed = copy.deepcopy(claim)
    inside, key = holder(changed, place), place[-1]
    text = inside[key]
    at %= len(text)
    if deed == "drop":
        del inside[key]
    elif deed == "insert":
        inside[key] = text[:at] + what + text[at:]
    elif deed == "cut":
        inside[key] = text[:at] + text[at + 1 :]
    elif deed == "swap":
        inside[key] = text[:at] + (what[0] if what[0] != text[at] else "~") + text[at + 1 :]
    else:
        inside[key] = what
    return changed


def means_the_same(before: dict[str, Any], after: dict[str, Any], place: Path) -> bool:
    """The Host header may be absent: it is the URL's, and that is what was signed."""
    return before == after or (place[-1] == "Host" and "Host" not in after["proof"]["headers"])


@settings(max_examples=400)
@given(alterations())
def test_whatever_of_a_good_proof_is_altered_nothing_is_admitted(
    alteration: tuple[Path, tuple[str, int], Any],
) -> None:
    place, (deed, at), what = alteration
    scene = made()
    claim = good(scene)
    changed = altered(claim, place, deed, at, what)
    if means_the_same(claim, changed, place):
        return

    answer = ask(scene, "/v1/register", changed)

    assert answer.status in {400, 401, 403, 503}
    assert scene.nodes.requests == []
    assert "secret" not in answer.body
    assert ask(scene, "/v1/register", good(scene)).status == Status.OK, "the unaltered is"


@given(st.sampled_from(sorted({"X-Evil", "Cookie", "x-amz-acl", "HOST", "Expect"})), st.text())
def test_nothing_can_be_added_to_a_proof(name: str, value: str) -> None:
    scene = made()
    claim = good(scene)
    claim["proof"]["headers"][name] = value

    assert ask(scene, "/v1/register", claim).status == Status.BAD_REQUEST
    assert scene.sts.asked == []


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(("headers", "method", "url", "body", "a")), inner),
        ),
        max_leaves=12,
    ),
    st.sampled_from((MEMBER, SECOND, STRANGER, "", "linux-0123456789ab")),
)
def test_what_is_no_proof_at_all_is_answered_and_admits_nobody(proof: object, name: str) -> None:
    scene = made()

    answer = ask(scene, "/v1/register", {"way": "gateway", "name": name, "proof": proof})

    assert answer.status == Status.BAD_REQUEST
    assert scene.nodes.requests == []


@given(
    st.dictionaries(
        st.sampled_from(("kind", "detail", "log", "volume", "fill", "mounted", "wiped", "because")),
        st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.lists(st.text())),
    ),
    st.sampled_from(("/v1/ask", "/v1/here", "/v1/volume/report", "/v1/volume/release")),
)
def test_whatever_a_leased_agent_sends_is_answered(body: dict[str, Any], path: str) -> None:
    scene = made()
    lease = str(ask(scene, "/v1/register", good(scene)).body["lease"])

    answer = scene.gateway.answer(Request(method="POST", path=path, body=body, bearer=lease))

    assert answer.status in {200, 202, 400, 404}
