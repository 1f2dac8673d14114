"""Who may ask: the token, the host, the site a page came from, and how much may be sent."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assent.interfaces.rest.problems import problem

MOST_BYTES = 64 * 2**20
"""Of a body: a hand-painted mask of a large volume as run lengths fits."""

TOO_LARGE = "The request is larger than 64 MB. Send less at once."
COOKIE = "assent"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"/health", "/api/v1/health", "/api/v1/login", "/api/v1/logout"})
"""Paths that need no token, besides the page itself."""

UPLOAD = re.compile(r"/api/v1/projects/\d+/(images|series)")
"""Where whole files are sent."""


POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline';"
    " script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:;"
    " connect-src 'self' blob: data:;"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Nothing that a file or a label is named can run, and nothing goes elsewhere."""


@dataclass(frozen=True)
class Rules:
    """What is asked of a request.

    Attributes:
        token: None where none is configured; the server is then reached by loopback names only.
    """

    token: str | None = None

    @property
    def cookie(self) -> str:
        """What a browser keeps in place of the token."""
        return hashlib.sha256(f"assent cookie {self.token}".encode()).hexdigest()

    def is_token(self, given: str) -> bool:
        """Whether this is the token, in a time that tells nothing about it."""
        return self.token is None or hmac.compare_digest(given.encode(), self.token.encode())


class Guard:
    """Lets a request pass, or answers it with a problem."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        # An upload is counted by whoever takes it, who knows how large it may be.
        metered = receive if _is_upload(scope) else _Metered(receive).receive
        await self._app(scope, metered, send)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self._rules.token is None and _name_of(headers.get("host", "")) not in LOOPBACK:
            return problem(
                403,
                "forbidden",
                "The server was asked for under a name that is not its own. Open it as"
                " http://127.0.0.1 with its port, or configure a token.",
            )
        if not _is_same_site(scope["method"], headers):
            return problem(
                403,
                "forbidden",
                "This request comes from a page of another site. Use the server's own page.",
            )
        if _length(headers) > MOST_BYTES and not _is_upload(scope):
            return _too_large()
        if _needs_token(scope["path"]) and not self._has_token(headers):
            return problem(
                401,
                "token",
                "The token is missing or wrong. Send the one the server was started with, as"
                " 'Authorization: Bearer TOKEN'.",
            )
        return None

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        rules = self._rules
        if rules.token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and rules.is_token(given.strip()):
            return True
        try:
            kept = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        given = "" if kept is None else kept.value
        return hmac.compare_digest(given.encode(), rules.cookie.encode())


class Careful:
    """Tells browsers what no page of ours does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, headed)


class _Metered:
    """Counts what a body without a stated length brings."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._bytes = receive, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > MOST_BYTES:
            raise HTTPException(413, TOO_LARGE)
        return message


def _too_large() -> Response:
    return problem(413, "too_large", TOO_LARGE)


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]) is not None


def _length(headers: Mapping[str, str]) -> int:
    stated = headers.get("content-length", "0")
    return int(stated) if stated.isdecimal() else 0


def _needs_token(path: str) -> bool:
    return path not in OPEN and (path.startswith("/api/") or path == "/metrics")


def _is_same_site(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser sent this for a page of ours; programs send neither header."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host", ""):
        return False
    site = headers.get("sec-fetch-site", "same-origin")
    return method in SAFE or site in {"same-origin", "none"}


def _name_of(host: str) -> str:
    """The name in a Host header, without its port.

    >>> _name_of("127.0.0.1:8642"), _name_of("[::1]:8642"), _name_of("localhost")
    ('127.0.0.1', '::1', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
