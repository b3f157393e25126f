"""The socket in front of the controller: authentication, crumbs, faults, agents' connections."""

import asyncio
import base64
import binascii
import itertools
import math
import secrets
import zlib
from urllib.parse import unquote, urlsplit

from aiohttp import web

from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins import answers, root_actions
from workhorse.local.jenkins.admin import Admin
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.call import Call
from workhorse.local.jenkins.channels import SocketChannel
from workhorse.local.jenkins.controller import Controller
from workhorse.local.jenkins.permissions import ANONYMOUS, Security, User
from workhorse.local.jenkins.profile import profile
from workhorse.local.jenkins.view import View
from workhorse.local.jenkins.world import World

FLAP_SECONDS = 0.5
"""How long after its boot a newer core refuses good tokens now and then."""

LATE_BOOT_SECONDS = 3.0
"""How long before its end a boot answers with Jenkins' own headers already: both kinds of 503 were
recorded, not when the one passes into the other."""

LONGEST_NAP = 0.2
"""Real seconds after which the clock is looked at again, whatever is due."""

_FOUND = 302
_COOKIE = "JSESSIONID.standin"
_MINIMUM_TO_ZIP = 200
_LARGEST_BODY = 16 * 2**20


class Server:
    """One stand-in's HTTP face; lives on one event loop."""

    def __init__(self, version: str, clock: ScaledClock, prefix: str = "") -> None:
        self.clock = clock
        self.security = Security()
        self.controller = Controller(profile(version), clock.now())
        self.admin = Admin(self.controller, clock, self.security)
        self.url = ""
        self._prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
        self._flaps = itertools.count()
        self._woken = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._driver: asyncio.Task[None] | None = None
        self._sockets: set[web.WebSocketResponse] = set()

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback; `url` is the root URL then."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        found = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{found}{self._prefix}/"
        self._driver = asyncio.create_task(self._drive())

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._driver is not None:
            self._driver.cancel()
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _drive(self) -> None:
        """Keep the controller up with the clock."""
        while True:
            self.controller.advance(self.clock.now())
            wait = self.clock.real(max(0.0, self.controller.next_due() - self.clock.now()))
            nap = min(wait, LONGEST_NAP) if math.isfinite(wait) else LONGEST_NAP
            await asyncio.sleep(max(nap, 0.001))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.controller.advance(self.clock.now())
        path = request.rel_url.raw_path
        if not path.startswith(f"{self._prefix}/"):
            return _response(answers.not_found())
        segments = tuple(unquote(each) for each in path[len(self._prefix) + 1 :].split("/"))
        body = await request.read()
        if segments[0] == "_local":
            return _response(self.admin.answer(request.method, segments[1:], body))
        self.admin.count(request.method, segments)
        if (fault := self.admin.fault(path)) is not None:
            await asyncio.sleep(fault.delay)
            if fault.status:
                return _response(answers.jetty(fault.status, "Injected fault", path))
        if segments[0] == "wsagents" and request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._agent(request)
        response = self._answer(request, segments, body)
        self.controller.advance(self.clock.now())
        return response

    def _answer(self, request: web.Request, segments: tuple[str, ...], body: bytes) -> web.Response:
        path = request.rel_url.raw_path
        refused = self._refused()
        if refused is not None:
            return _response(refused)
        who = self._who(request)
        if who is None:
            unauthorized = answers.jetty(401, "Unauthorized", path)
            unauthorized.headers["WWW-Authenticate"] = 'Basic realm="Jenkins"'
            return _response(unauthorized)
        user, by_token = who
        session = self._session(request, user)
        fresh = not session
        if fresh:
            session = self.security.open_session(user)
        if request.method == "POST" and not by_token and not self._crumb(request, user, session):
            return _response(answers.jetty(403, "No valid crumb was included in the request", path))
        call = Call(
            method="GET" if request.method == "HEAD" else request.method,
            path=path,
            segments=segments if segments != ("",) else ("",),
            query=request.rel_url.raw_query_string,
            body=body,
            content_type=request.headers.get("Content-Type", ""),
            host=f"{request.scheme}://{request.host}{self._prefix}/",
            session=session,
            remote=request.remote or "127.0.0.1",
            view=View(self.controller, user, self.url),
            security=self.security,
        )
        found = root_actions.answer(call)
        response = _response(found, self.controller, zipped=_wants_zip(request))
        if fresh and not by_token:
            response.set_cookie(_COOKIE, session, httponly=True)
        return response

    def _refused(self) -> Answer | None:
        """What is answered while the controller boots, and a moment longer by newer cores."""
        world = self.controller.world
        if self.controller.booting:
            late = world.boot_until - world.now < LATE_BOOT_SECONDS
            return _starting(world) if late else answers.starting()
        since = world.now - world.boot_until
        if world.boot_until and world.profile.flaps_when_booting and since < FLAP_SECONDS:
            if next(self._flaps) % 2:
                return answers.starting()
            return answers.jetty(401, "Unauthorized")
        return None

    def _who(self, request: web.Request) -> tuple[User, bool] | None:
        """The caller and whether a token proved it; None when the secret is wrong."""
        kind, _, coded = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            name = self.security.sessions.get(request.cookies.get(_COOKIE, ""), "")
            return self.security.users.get(name, ANONYMOUS), False
        try:
            name, _, secret = base64.b64decode(coded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.security.authenticate(name, secret)

    def _session(self, request: web.Request, user: User) -> str:
        session = request.cookies.get(_COOKIE, "")
        return session if self.security.sessions.get(session) == user.name else ""

    def _crumb(self, request: web.Request, user: User, session: str) -> bool:
        given = request.headers.get("Jenkins-Crumb", "")
        return secrets.compare_digest(given, self.security.crumb(user, session))

    async def _agent(self, request: web.Request) -> web.StreamResponse:
        """An agent dials in."""
        refused = self._refused() or self._agent_refused(request)
        if refused is not None:
            return _response(refused)
        socket = web.WebSocketResponse()
        socket.headers["X-Remoting-Minimum-Version"] = (
            self.controller.world.profile.remoting_minimum
        )
        socket.headers["Connection-Cookie"] = secrets.token_hex(16)
        await socket.prepare(request)
        channel = SocketChannel(socket)
        self._sockets.add(socket)
        writer = asyncio.create_task(channel.write())
        try:
            name = request.headers["Node-Name"]
            await channel.read(self.controller, name, self.clock.now)
        finally:
            self._sockets.discard(socket)
            channel.close()
            await writer
        return socket

    def _agent_refused(self, request: web.Request) -> Answer | None:
        path = request.rel_url.raw_path
        name, secret = request.headers.get("Node-Name"), request.headers.get("Secret-Key")
        if name is None or secret is None or "X-Remoting-Capability" not in request.headers:
            words = "This endpoint is only for use from agent.jar in WebSocket mode"
            return answers.jetty(400, words, path)
        computer = self.controller.world.computers.get(name)
        if computer is None or computer.built_in:
            return answers.jetty(400, "no such agent", path)
        if not secrets.compare_digest(secret, self.security.agent_secret(name)):
            return answers.jetty(403, "Forbidden", path)
        if computer.channel is not None:
            words = f"{name} is already connected to this controller. Rejecting this connection."
            return answers.jetty(400, words, path)
        return None


def _starting(world: World) -> Answer:
    named = {"X_Jenkins": world.profile.version, "X_Jenkins_Session": world.session}
    return answers.starting(X_Hudson="1.395", **named)


def _wants_zip(request: web.Request) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


class _Response(web.Response):
    """A response that invents no content type for an empty body."""

    bare = False

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        if self.bare:
            self.headers.popall("Content-Type", None)


def _response(
    answer: Answer, controller: Controller | None = None, *, zipped: bool = False
) -> web.Response:
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    headers = {"X-Content-Type-Options": "nosniff", **answer.headers}
    if answer.content_type:
        headers["Content-Type"] = answer.content_type
    if controller is not None and controller.world.profile.tells_paths and answer.status == _FOUND:
        headers["Location"] = urlsplit(headers["Location"]).path
    if answer.themed and controller is not None:
        headers["X-Jenkins"] = controller.world.profile.version
        headers["X-Jenkins-Session"] = controller.world.session
        api = answer.content_type != answers.HTML
        headers["X-Frame-Options"] = "deny" if api else "sameorigin"
        if not api:
            headers["X-Hudson"] = "1.395"
    if zipped and len(body) > _MINIMUM_TO_ZIP:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        body = packer.compress(body) + packer.flush()
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
    response = _Response(status=answer.status, body=body, headers=headers)
    response.bare = not answer.content_type
    return response
