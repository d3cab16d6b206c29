"""Serves the dashboard's page and its configuration over HTTP; GET and HEAD only.

The page talks to the broker itself. Where there is a recorder, its answers under ``/api/``
come from here too, and one of them takes a POST. The page's files are public; configuration and
answers are for who signed in, and a server that others reach does not start without sign-in.
"""

from __future__ import annotations

import http
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from viewkeeper.dashboard.assets import MIME_TYPES, Asset, asset, load_assets
from viewkeeper.dashboard.plans import FOLDER, Plan
from viewkeeper.dashboard.recorder.api import MAX_BODY_BYTES, Answer, Api, Request
from viewkeeper.dashboard.recorder.metrics import MIME_TYPE as METRICS_TYPE
from viewkeeper.dashboard.recorder.metrics import PATH as METRICS
from viewkeeper.dashboard.recorder.metrics import Scrape
from viewkeeper.dashboard.register import Register
from viewkeeper.dashboard.signing_in import SIGN_IN, SIGN_OUT, SignIn, is_loopback
from viewkeeper.protocol import topics
from viewkeeper.protocol.errors import Reason, SetupError

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8080
REQUEST_TIMEOUT_S = 30
CONFIG = "/config.json"


def check_broker_url(url: str) -> str:
    """Refuse what a browser cannot open or what could break out of a header.

    Raises:
        SetupError: not a ``ws://`` or ``wss://`` address without user, query or fragment.
    """
    host = r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    if re.fullmatch(rf"wss?://{host}(:[0-9]{{1,5}})?(/[A-Za-z0-9._~/-]{{0,200}})?", url) is None:
        raise SetupError(
            Reason.SETTING, f"broker address {url!r}: use ws://HOST:PORT or wss://HOST:PORT"
        )
    try:
        port = urlsplit(url).port
    except ValueError:
        port = 0
    if port == 0:
        raise SetupError(Reason.SETTING, f"broker address {url!r}: port must be 1 to 65535")
    return url


def page_config(
    register: Register, broker_url: str, *, recorder: bool = False, plans: Sequence[Plan] = ()
) -> dict[str, object]:
    """What ``config.json`` says."""
    return {
        "broker_url": broker_url,
        "topics_root": topics.ROOT,
        "recorder": recorder,
        "witness_keys": [one.public() for one in register.witness_keys],
        "signers": [one.public() for one in register.signers],
        "order_keys": [one.public() for one in register.order_keys],
        "plans": [plan.public() for plan in plans],
        "cameras": [camera.public() for camera in register.cameras],
    }


def security_headers(broker_url: str) -> dict[str, str]:
    """Headers of every answer: own files only, and one broker to talk to."""
    parts = urlsplit(broker_url)
    # A Content-Security-Policy source cannot name an IPv6 address; its scheme must do.
    broker = f"{parts.scheme}:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {broker}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-cache",
    }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A running dashboard."""

    url: str
    _server: ThreadingHTTPServer
    _thread: threading.Thread

    def close(self) -> None:
        """Stop serving and free the port; safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Block until somebody closes it."""
        self._thread.join()


def start(
    register: Register,
    broker_url: str,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    api: Api | None = None,
    sign_in: SignIn | None = None,
    metrics: Scrape | None = None,
    plans: Sequence[Plan] = (),
) -> Dashboard:
    """Serve the page in the background; port 0 takes any free one.

    Args:
        register: the cameras to show.
        broker_url: where the *browser* finds the broker: ``ws://HOST:PORT``.
        api: a recorder's answers, where there is one.
        sign_in: who may read them; must be there unless ``host`` is loopback.
        metrics: the recorder's counters at ``/metrics``; with a token unless ``host`` is loopback.
        plans: pictures of the sites, given like the configuration only to who signed in.

    Raises:
        SetupError: a broker address no browser can use, a port that cannot be had, or an address
            that others reach and nobody who must sign in.
    """
    check_broker_url(broker_url)
    if sign_in is None and not is_loopback(host):
        raise SetupError(
            Reason.SETTING,
            f"others reach {host}: name who may sign in with --operators FILE "
            "(viewkeeper-dashboard operator add FILE NAME), or listen on 127.0.0.1",
        )
    if metrics is not None and metrics.token is None and not is_loopback(host):
        metrics = None  # others reach it, and nobody was named who may read it
    told = page_config(register, broker_url, recorder=api is not None, plans=plans)
    config = json.dumps(told, ensure_ascii=False).encode("utf-8")
    table = {**load_assets(), CONFIG: asset(MIME_TYPES[".json"], config)}
    table |= {f"/{plan.path}": asset(plan.picture.mime_type, plan.content) for plan in plans}
    handler = _handler(table, security_headers(broker_url), api, sign_in, metrics)
    try:
        server = _Server((host, port), handler)
    except (OSError, OverflowError) as error:
        raise SetupError(Reason.SETTING, f"cannot listen on {host}:{port}: {error}") from error
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="dashboard", daemon=True
    )
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    return Dashboard(f"http://{shown}:{server.server_address[1]}/", server, thread)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Without this a second dashboard on the same port would start and stay unseen.
    allow_reuse_port = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is nobody's error."""


def _handler(
    table: Mapping[str, Asset],
    headers: Mapping[str, str],
    api: Api | None,
    sign_in: SignIn | None,
    metrics: Scrape | None,
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = REQUEST_TIMEOUT_S

        def version_string(self) -> str:
            return "viewkeeper"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the operator's terminal is not an access log."""

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_POST(self) -> None:
            session = sign_in is not None and self.path in (SIGN_IN, SIGN_OUT)
            if not session and (api is None or not self.path.startswith("/api/")):
                self.send_error(405)
                return
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
                self.send_error(411)
            elif int(length) > MAX_BODY_BYTES:
                self.send_error(413)
            else:
                self._answer_api(self.rfile.read(int(length)), with_body=True)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None):
            """Also the base class's own refusals: bad request lines, unknown methods."""
            refused = http.HTTPStatus.METHOD_NOT_ALLOWED if code == 501 else code
            body = f"{int(refused)} {http.HTTPStatus(refused).phrase}\n".encode("ascii")
            extra = {"Allow": "GET, HEAD"} if int(refused) == 405 else {}
            # What may follow an unread body is not a request: close.
            self.close_connection = True
            shown = b"" if getattr(self, "command", None) == "HEAD" else body
            self._send(
                int(refused), MIME_TYPES[".txt"], body, shown, extra | {"Connection": "close"}
            )

        def _asked(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def _answer_api(self, body: bytes, *, with_body: bool) -> None:
            path, _, query = self.path.partition("?")
            asked = self._asked()
            operator = None if sign_in is None else sign_in.operator(asked)
            request = Request(self.command, path, query, asked, body, operator)
            more: Mapping[str, str] = {}
            if sign_in is not None and path in (SIGN_IN, SIGN_OUT):
                answer, more = sign_in.answer(request, self.client_address[0])
            elif sign_in is not None and operator is None:
                answer = Answer(401, {"error": "sign in"})
            elif path == CONFIG:
                answer = Answer(200, {**json.loads(table[CONFIG].plain), "operator": operator})
            elif api is not None:
                answer = api.answer(request)
            else:
                answer = Answer(404, {"error": "not found"})
            content = json.dumps(answer.value, ensure_ascii=False).encode("utf-8")
            extra = {"Cache-Control": "no-store", **more}
            if answer.allow is not None:
                extra["Allow"] = answer.allow
            shown = content if with_body else b""
            self._send(answer.status, MIME_TYPES[".json"], content, shown, extra)

        def _answer_metrics(self, scrape: Scrape, *, with_body: bool) -> None:
            if not scrape.lets_in(self._asked()):
                self.send_error(401)
                return
            try:
                content = scrape.text().encode("utf-8")
            except SetupError:
                self.send_error(503)
                return
            shown = content if with_body else b""
            self._send(200, METRICS_TYPE, content, shown, {"Cache-Control": "no-store"})

        def _answer(self, *, with_body: bool) -> None:
            path = self.path.split("?", 1)[0]
            if path == METRICS and metrics is not None:
                self._answer_metrics(metrics, with_body=with_body)
                return
            api_asked = path.startswith("/api/") and (api or sign_in) is not None
            plan_asked = path.startswith(f"/{FOLDER}/")
            barred = plan_asked and sign_in is not None and sign_in.operator(self._asked()) is None
            if api_asked or barred or (path == CONFIG and sign_in is not None):
                self._answer_api(b"", with_body=with_body)
                return
            found = table.get(path)
            if found is None:
                self.send_error(404)
                return
            extra = {"ETag": found.etag, "Vary": "Accept-Encoding"}
            if self.headers.get("If-None-Match") == found.etag:
                self._send(304, found.mime_type, b"", b"", extra)
                return
            content = found.plain
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                content, extra["Content-Encoding"] = found.gzipped, "gzip"
            self._send(200, found.mime_type, content, content if with_body else b"", extra)

        def _send(
            self, code: int, mime_type: str, body: bytes, shown: bytes, extra: Mapping[str, str]
        ) -> None:
            self.send_response(code)
            length = {} if code == 304 else {"Content-Length": str(len(body))}
            about = {"Content-Type": mime_type, **length, **headers, **extra}
            for name, value in about.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(shown)

    return Handler
