"""The server gives the page and nothing else, under a strict policy."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from viewkeeper.dashboard import server
from viewkeeper.dashboard.assets import STATIC, load_assets
from viewkeeper.dashboard.operators import new_operator, save_operators
from viewkeeper.dashboard.pictures import PNG, Picture
from viewkeeper.dashboard.plans import Pin, Plan
from viewkeeper.dashboard.register import Camera, Register
from viewkeeper.dashboard.signing_in import SignIn
from viewkeeper.protocol.cose import SoftwareSigner
from viewkeeper.protocol.errors import SetupError

BROKER = "ws://127.0.0.1:9001"
KEY = SoftwareSigner.from_seed(bytes(32)).verify_key
REGISTER = Register(
    (Camera(site="s", camera="c", title="Gate", device_key=KEY, hfov_deg=60.0),),
)


@pytest.fixture(scope="module")
def desk() -> Iterator[server.Dashboard]:
    running = server.start(REGISTER, BROKER, port=0)
    yield running
    running.close()


def ask(
    desk: server.Dashboard, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(desk.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_the_page_comes_with_its_policy(desk: server.Dashboard) -> None:
    answer, body = ask(desk, "/")
    assert answer.status == 200
    written = re.sub(rb' *<link rel="modulepreload"[^>]*>\n', b"", body)
    assert written == (STATIC / "index.html").read_bytes()
    policy = dict(
        part.split(" ", 1) for part in str(answer.getheader("Content-Security-Policy")).split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {BROKER}"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("X-Frame-Options") == "DENY"
    assert answer.getheader("Referrer-Policy") == "no-referrer"
    assert "Python" not in str(answer.getheader("Server"))


@pytest.mark.parametrize(
    ("path", "mime_type"),
    [
        ("/app.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/i18n/zh.json", "application/json"),
        ("/icon.svg", "image/svg+xml"),
        ("/vendor/LICENSE-mqtt.txt", "text/plain"),
        ("/index.html?x=1", "text/html"),
    ],
)
def test_files_have_their_type(desk: server.Dashboard, path: str, mime_type: str) -> None:
    answer, body = ask(desk, path)
    assert answer.status == 200
    assert str(answer.getheader("Content-Type")).startswith(mime_type)
    assert len(body) == int(str(answer.getheader("Content-Length")))


def test_the_configuration_names_broker_and_cameras(desk: server.Dashboard) -> None:
    config = json.loads(ask(desk, "/config.json")[1])
    assert config["broker_url"] == BROKER
    assert config["topics_root"] == "viewkeeper/v1"
    (camera,) = config["cameras"]
    assert (camera["site"], camera["camera"], camera["kid"]) == ("s", "c", KEY.kid.hex())


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/..%2fserver.py",
        "/%2e%2e/server.py",
        "/static/../server.py",
        "//etc/passwd",
        "/etc/passwd",
        "/vendor/",
        "/vendor",
        "/wire\\..\\..\\server.py",
        "/app.js/",
        "/APP.JS",
        "http://other/app.js",
        "*",
    ],
)
def test_no_path_leads_out_of_the_page(desk: server.Dashboard, path: str) -> None:
    answer, body = ask(desk, path)
    assert answer.status == 404
    assert body == b"404 Not Found\n"
    assert answer.getheader("Content-Security-Policy")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"])
def test_nothing_but_get_and_head_is_answered(desk: server.Dashboard, method: str) -> None:
    answer, _ = ask(desk, "/", method)
    assert answer.status == 405
    assert answer.getheader("Allow") == "GET, HEAD"


def test_head_gives_the_length_and_no_body(desk: server.Dashboard) -> None:
    answer, body = ask(desk, "/style.css", "HEAD")
    assert answer.status == 200
    assert body == b""
    assert int(str(answer.getheader("Content-Length"))) == (STATIC / "style.css").stat().st_size


def test_files_travel_compressed_and_once(desk: server.Dashboard) -> None:
    answer, body = ask(desk, "/style.css", Accept_Encoding="gzip")
    assert answer.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(body) == (STATIC / "style.css").read_bytes()
    again, nothing = ask(desk, "/style.css", If_None_Match=str(answer.getheader("ETag")))
    assert (again.status, nothing) == (304, b"")


def test_a_request_that_is_none_is_refused(desk: server.Dashboard) -> None:
    parts = urlsplit(desk.url)
    with socket.create_connection((str(parts.hostname), parts.port), timeout=10) as raw:
        raw.sendall(b"\x16\x03\x01\x02 nonsense\r\n\r\n")
        answer = raw.recv(4096)
    assert b"400 Bad Request" in answer


@pytest.mark.parametrize(
    "url",
    [
        "http://broker:9001",
        "ws://",
        "ws://user:secret@broker:9001",
        "ws://broker:9001;script-src *",
        "ws://broker:9001/ x",
        "ws://broker:0",
        "ws://broker:99999",
        "ws://broker\r\nX: y",
        "",
    ],
)
def test_a_broker_address_no_browser_can_use_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match="broker address"):
        server.start(REGISTER, url, port=0)


def test_an_ipv6_broker_is_allowed_by_its_scheme() -> None:
    headers = server.security_headers(server.check_broker_url("wss://[fd00::2]:9001/mqtt"))
    assert "connect-src 'self' wss:;" in headers["Content-Security-Policy"]


def test_a_port_in_use_is_one_clear_error(desk: server.Dashboard) -> None:
    port = urlsplit(desk.url).port
    assert port is not None
    with pytest.raises(SetupError, match="cannot listen"):
        server.start(REGISTER, BROKER, port=port)


def test_closing_twice_is_harmless_and_frees_the_port() -> None:
    running = server.start(REGISTER, BROKER, port=0)
    port = urlsplit(running.url).port
    running.close()
    running.close()
    assert port is not None
    again = server.start(REGISTER, BROKER, port=port)
    again.close()


def test_a_plan_is_given_with_its_type_and_named_in_the_configuration(tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\0\0\x04\0\0\0\x03" + bytes(9)
    plan = Plan("s", Picture(PNG, 4, 3), picture, 0.0, {"c": Pin(1, 2, None)})
    desk = server.start(REGISTER, BROKER, port=0, plans=[plan])
    try:
        answer, body = ask(desk, "/plans/s.png")
        assert (answer.status, answer.getheader("Content-Type")) == (200, "image/png")
        assert body == picture
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        (told,) = json.loads(ask(desk, "/config.json")[1])["plans"]
        assert told["image"] == "plans/s.png"
        assert ask(desk, "/plans/other.png")[0].status == 404
    finally:
        desk.close()
    people = tmp_path / "operators.json"
    save_operators(people, {"Li": new_operator("Li", "correct horse", log2_cost=10, lanes=1)})
    guarded = server.start(REGISTER, BROKER, port=0, plans=[plan], sign_in=SignIn(people))
    try:
        assert ask(guarded, "/plans/s.png")[0].status == 401
    finally:
        guarded.close()


def test_the_page_names_the_modules_it_starts_with_and_not_those_it_fetches_later() -> None:
    head = load_assets()["/"].plain.decode("utf-8").partition("</head>")[0]
    named = set(re.findall('rel="modulepreload" href="([^"]+)"', head))
    assert {"vendor/preact.js", "wire/cbor.js", "parts/card.js"} <= named
    assert all((STATIC / name).is_file() for name in named)
    assert not named & {"vendor/mqtt.js", "parts/zones.js", "parts/compare.js", "app.js"}
