"""A real HTTP camera for the tests, which can be told to misbehave."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REALM, NONCE, USER, PASSWORD = "camera", "0123456789abcdef", "watch", "p@ss:w/ord"


class HttpCamera:
    """Serves ``answer`` at every path. Use it as a context manager.

    Attributes:
        answer: writes a whole response through the handler.
        algorithm: Digest's, where a sign-in is asked; ``Basic`` for that; empty: none.
        asked: how many requests came.
    """

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.answer, self.algorithm, self.asked = answer, "", 0
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.asked += 1
                if camera.algorithm and not camera.signed_in(self):
                    self.send_response(401)
                    for header in camera.challenges():
                        self.send_header("WWW-Authenticate", header)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                camera.answer(self)

            do_POST = do_GET  # noqa: N815 - http.server's word

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/image"

    def challenges(self) -> list[str]:
        if self.algorithm == "Basic":
            return [f'Basic realm="{REALM}"']
        digest = f'Digest realm="{REALM}", qop="auth", nonce="{NONCE}", algorithm='
        return [f'Basic realm="{REALM}"', digest + self.algorithm]

    def signed_in(self, handler: BaseHTTPRequestHandler) -> bool:
        told = handler.headers.get("Authorization") or ""
        values = dict(re.findall(r'(\w+)="?([^",]+)"?', told))
        if not told.startswith("Digest "):
            return False
        name = {"MD5": "md5", "SHA-256": "sha256"}[self.algorithm]

        def digest(text: str) -> str:
            return hashlib.new(name, text.encode()).hexdigest()

        first = digest(f"{USER}:{REALM}:{PASSWORD}")
        second = digest(f"GET:{handler.path}")
        middle = f"{NONCE}:{values.get('nc')}:{values.get('cnonce')}:auth"
        return values.get("response") == digest(f"{first}:{middle}:{second}")

    def __enter__(self) -> HttpCamera:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def whole(data: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """A well-behaved answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def half(data: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Promises all of it, sends half, and hangs up."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[: len(data) // 2])

    return answer


def dripping(data: bytes, stop: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """A byte every tenth of a second, for as long as it takes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        for byte in data:
            if stop.is_set():
                return
            try:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Never says how long it is, and never ends."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(65536))
    except OSError:
        return
