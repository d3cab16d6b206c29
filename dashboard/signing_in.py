"""Signing in at the dashboard: sessions in memory, one cookie, and a wait after wrong passwords.

Who is not signed in gets the page's files and nothing else. Sessions end with the process, after
twelve hours, and when the operator's entry in the file changes or goes.
"""

from __future__ import annotations

import ipaddress
import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from viewkeeper.dashboard.operators import MAX_PASSWORD, NOBODY, Operator, load_operators
from viewkeeper.dashboard.recorder.api import Answer, Request, Wrong, json_object, refuse_foreign
from viewkeeper.protocol.errors import SetupError

COOKIE = "viewkeeper_session"
SIGN_IN, SIGN_OUT = "/session", "/session/end"
SESSION_S = 12 * 3600
FREE_TRIES, LONGEST_WAIT_S, LONGEST_WAIT_OF_NAME_S = 3, 60.0, 5.0
FORGET_S, MAX_KEPT = 900, 10_000

Headers = Mapping[str, str]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float

    def wait_s(self, now_s: float, longest_s: float) -> float:
        """Seconds until the next try is looked at: 1, 2, 4 … after the free ones."""
        if self.count < FREE_TRIES:
            return 0.0
        pause = min(longest_s, 2.0 ** min(self.count - FREE_TRIES, 10))
        return max(0.0, self.last_s + pause - now_s)


@dataclass(frozen=True, slots=True)
class _Session:
    operator: Operator
    ends_s: float


class SignIn:
    """Decides who is signed in.

    Args:
        path: the operators file; read again whenever it changes.
        now_s: a monotonic clock, in seconds.

    Raises:
        SetupError: the file cannot be used.
    """

    def __init__(self, path: Path, now_s: Callable[[], float] = time.monotonic) -> None:
        self._path, self._now_s = path, now_s
        self._sessions: dict[str, _Session] = {}
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()
        self._hashing = threading.Lock()  # one try at a time: each takes 32 MiB
        self._operators = load_operators(path)
        self._stamp = self._look()

    def operator(self, headers: Headers) -> str | None:
        """The name of who sent these headers (by lower-case name); ``None``: not signed in."""
        with self._lock:
            session = self._sessions.get(_cookie(headers))
            if session is None:
                return None
            name = session.operator.name
            if session.ends_s > self._now_s() and self._known().get(name) == session.operator:
                return name
            del self._sessions[_cookie(headers)]
            return None

    def answer(self, request: Request, peer: str) -> tuple[Answer, Headers]:
        """Answer a POST to ``/session`` or ``/session/end``; the headers carry the cookie."""
        try:
            refuse_foreign(request)
            if request.path == SIGN_OUT:
                return self._sign_out(request)
            said = json_object(request.body)
            name, password = said.get("name"), said.get("password")
            if not isinstance(name, str) or not isinstance(password, str):
                raise Wrong("name and password must be texts")
        except Wrong as error:
            return Answer(400, {"error": str(error)}), {}
        return self._sign_in(name.strip(), password[: MAX_PASSWORD + 1], peer, request.headers)

    def _sign_in(
        self, name: str, password: str, peer: str, headers: Headers
    ) -> tuple[Answer, Headers]:
        # Whoever waits for the one before is judged by what that one left behind.
        with self._hashing:
            with self._lock:
                wait_s = self._wait_s(name, peer)
                known = self._known().get(name)
            if wait_s > 0:
                wait = math.ceil(wait_s)
                return Answer(429, {"error": "wait", "wait_s": wait}), {"Retry-After": str(wait)}
            held = (known or NOBODY).holds(password)
            with self._lock:
                if known is None or not held:
                    self._note_failure(name, peer)
                    return Answer(403, {"error": "wrong"}), {}
                self._failures.pop(f"peer {peer}", None)
                self._failures.pop(f"name {name}", None)
                return Answer(200, {"operator": name}), self._open(known, headers)

    def _open(self, operator: Operator, headers: Headers) -> Headers:
        now_s = self._now_s()
        self._sessions.pop(_cookie(headers), None)
        self._sessions = {key: one for key, one in self._sessions.items() if one.ends_s > now_s}
        session = secrets.token_urlsafe(32)
        self._sessions[session] = _Session(operator, now_s + SESSION_S)
        return _set_cookie(session, SESSION_S, headers)

    def _sign_out(self, request: Request) -> tuple[Answer, Headers]:
        with self._lock:
            self._sessions.pop(_cookie(request.headers), None)
        return Answer(200, {"operator": None}), _set_cookie("", 0, request.headers)

    def _wait_s(self, name: str, peer: str) -> float:
        now_s, none = self._now_s(), _Failures(0, 0.0)
        # A name's wait is short: strangers must not keep its owner out.
        return max(
            self._failures.get(f"peer {peer}", none).wait_s(now_s, LONGEST_WAIT_S),
            self._failures.get(f"name {name}", none).wait_s(now_s, LONGEST_WAIT_OF_NAME_S),
        )

    def _note_failure(self, name: str, peer: str) -> None:
        now_s = self._now_s()
        if len(self._failures) >= MAX_KEPT:
            kept = sorted(self._failures.items(), key=lambda item: item[1].last_s)[MAX_KEPT // 2 :]
            self._failures = dict(kept)
        for key in (f"peer {peer}", f"name {name[:120]}"):
            before = self._failures.get(key)
            recent = before is not None and now_s - before.last_s < FORGET_S
            count = before.count if before is not None and recent else 0
            self._failures[key] = _Failures(count + 1, now_s)

    def _known(self) -> Mapping[str, Operator]:
        """The operators of the file as it is now; nobody where it cannot be read."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._operators = load_operators(self._path)
            except SetupError:
                self._operators = {}
        return self._operators

    def _look(self) -> tuple[int, int, int] | None:
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_ino, seen.st_size, seen.st_mtime_ns


def _cookie(headers: Headers) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def _set_cookie(session: str, seconds: int, headers: Headers) -> Headers:
    # A proxy with TLS in front says so; a browser then never sends the cookie in the clear.
    secure = "; Secure" if headers.get("x-forwarded-proto", "") == "https" else ""
    text = f"{COOKIE}={session}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    return {"Set-Cookie": text}
