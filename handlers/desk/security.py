"""What keeps the desk's pages safe in a browser: headers, the session's cookie, and where a form came from."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from core.staff import sessions

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Other sites never learn an address of the desk's. With "no-referrer" a browser would also hide the origin of the
    # desk's own forms, which is checked below.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Cookies:
    """The session's cookie. Over https it can be neither read by scripts nor set by a neighbouring host."""

    def __init__(self, public_url: str) -> None:
        self._public = urlsplit(public_url)

    def secure(self, request: Request) -> bool:
        """Whether this browser came by https; a proxy that ends TLS is known by the public address."""
        return request.url.scheme == "https" or (
            self._public.scheme == "https" and request.url.hostname == self._public.hostname
        )

    def name(self, request: Request) -> str:
        return "__Host-desk" if self.secure(request) else "desk"

    def token(self, request: Request) -> str:
        return request.cookies.get(self.name(request), "")[:100]

    def put(self, request: Request, response: Response, token: str) -> None:
        response.set_cookie(
            self.name(request),
            token,
            max_age=int(sessions.LONGEST.total_seconds()),
            path="/",
            secure=self.secure(request),
            httponly=True,
            samesite="lax",
        )

    def drop(self, request: Request, response: Response) -> None:
        response.delete_cookie(self.name(request), path="/", secure=self.secure(request), httponly=True, samesite="lax")

    def came_from_here(self, request: Request) -> bool:
        """Whether a page of ours sent this form: browsers say so themselves, and a foreign page cannot unsay it."""
        site = request.headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        origin = request.headers.get("origin")
        if origin is None:
            return site == "same-origin"
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() in {
            request.headers.get("host", "").lower(),
            self._public.netloc.lower(),
        } - {""}


def csrf_token(session_token: str) -> str:
    """Follows from the session's token, so nothing is stored; the token does not follow from it."""
    return _mark(session_token, b"form")


def csrf_fits(session_token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode())


def sealed(session_token: str, text: str) -> str:
    """A sentence for the next page, in a cookie that nobody else can write."""
    body = base64.urlsafe_b64encode(text.encode()).decode()
    return f"{body}.{_mark(session_token, body.encode())}"


def unsealed(session_token: str, value: str) -> str:
    """The sentence; "" when it is not ours."""
    body, _, mark = value.partition(".")
    if not hmac.compare_digest(_mark(session_token, body.encode()).encode(), mark.encode()):
        return ""
    return base64.urlsafe_b64decode(body).decode("utf-8", "replace")


def _mark(session_token: str, what: bytes) -> str:
    digest = hmac.new(session_token.encode(), b"desk|" + what, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()
