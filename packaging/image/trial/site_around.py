"""What stands around the camera: a broker with mutual TLS, the signing desk, the thing it looks at,
and a web server with updates. All real, all on this machine."""

from __future__ import annotations

import datetime
import io
import json
import queue
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from card import run
from paho.mqtt.enums import CallbackAPIVersion
from PIL import Image

from viewkeeper.sim.broker import free_port
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.site_config import acl_head, mosquitto_conf, tool

TOP = Path(__file__).resolve().parents[3]
SITE, CAMERA = "hefei", "cam-1"
HOST_SEEN_FROM_INSIDE = "10.0.2.2"
ROOT = f"viewkeeper/v1/{SITE}/{CAMERA}"


def authority(*words: object) -> str:
    """The signing desk's tool."""
    return run(sys.executable, "-m", "viewkeeper.authority.cli", *words)


class Surroundings:
    """Use it as a context manager.

    Args:
        folder: made where it is not; otherwise it goes on as it was.
        anew: with other ports.

    Attributes:
        port: of the broker, TLS.
        web_port: of pictures and updates.
        desk: the signing desk's folder.
        pan_deg: where the camera on its pole has been turned to.
        bundle: that the update server gives.
        heard: times of reports, and the latest state as JSON.
    """

    def __init__(self, folder: Path, *, anew: bool = False) -> None:
        self.folder, self.desk, self.tls = folder, folder / "desk", folder / "tls"
        self.pan_deg = 0.0
        self.bundle: Path | None = None
        self.reports: queue.Queue[float] = queue.Queue()
        self.state: dict[str, Any] = {}
        certs, ports = tool("certs"), folder / "ports.json"
        self.certs = certs.Authority(self.tls, datetime.datetime.now(datetime.UTC))
        if not ports.exists():
            folder.mkdir(parents=True)
            self.certs.init([HOST_SEEN_FROM_INSIDE, "127.0.0.1"])
            self.certs.issue("desk", "desk")
            self.certs.issue("recorder", "recorder")
            (self.tls / "acl").write_text(certs.acl(self.certs.issued(), acl_head()), "utf-8")
            authority("init", self.desk, "--person", "Li Wei", "--no-passphrase")
        if anew or not ports.exists():
            ports.write_text(json.dumps([free_port() for _ in range(3)]))
        self.port, other, self.web_port = json.loads(ports.read_text())
        log = folder / "broker.log"
        conf = mosquitto_conf(self.tls, folder, log, port=self.port, web_port=other)
        (folder / "mosquitto.conf").write_text(conf, "utf-8")
        self._camera = VirtualCamera(street_scene(), size=(320, 240))
        self._home = self._camera.pose

    def __enter__(self) -> Surroundings:
        self._broker = subprocess.Popen(
            [shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or "mosquitto", "-c",
             str(self.folder / "mosquitto.conf")],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._web = ThreadingHTTPServer(("127.0.0.1", self.web_port), self._handler())
        self._web.daemon_threads = True
        threading.Thread(target=self._web.serve_forever, daemon=True).start()
        time.sleep(1.0)
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, "recorder.recorder", protocol=paho.MQTTv5
        )
        context = ssl.create_default_context(cafile=str(self.tls / "ca.crt"))
        context.load_cert_chain(
            *(self.certs.path_of("recorder.recorder", s) for s in ("crt", "key"))
        )
        self._client.tls_set_context(context)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.loop_stop()
        self._web.shutdown()
        self._broker.terminate()
        self._broker.wait()

    def next_report(self, seconds: float) -> float:
        """When the next report after now came, seconds of the monotonic clock."""
        while not self.reports.empty():
            self.reports.get()
        try:
            return self.reports.get(timeout=seconds)
        except queue.Empty:
            sys.exit(f"error: no report within {seconds:.0f} s")

    def wait_for_view(self, verdict: str, seconds: float) -> dict[str, Any]:
        """The state once the camera says this of its view."""
        deadline = time.monotonic() + seconds
        while self.state.get("view", {}).get("verdict") != verdict:
            if time.monotonic() > deadline:
                sys.exit(f"error: the view never was {verdict}: {self.state.get('view')}")
            time.sleep(0.2)
        return self.state

    def any_state(self, seconds: float) -> dict[str, Any]:
        """The state that came since ``state`` was emptied."""
        deadline = time.monotonic() + seconds
        while not self.state:
            if time.monotonic() > deadline:
                sys.exit(f"error: no state within {seconds:.0f} s")
            time.sleep(0.2)
        return self.state

    def settings(self) -> str:
        """The settings file that goes onto the card."""
        return (
            f'[camera]\nsite = "{SITE}"\nid = "{CAMERA}"\nhfov_deg = 60\n'
            # An emulated machine beside others takes its time over the first picture.
            f'[source]\nkind = "snapshot"\nurl = "http://{HOST_SEEN_FROM_INSIDE}:{self.web_port}/image.jpg"\n'
            "timeout_s = 30\n"
            f'[broker]\nhost = "{HOST_SEEN_FROM_INSIDE}"\nport = {self.port}\nca_file = "ca.pem"\n'
            f'cert_file = "{CAMERA}.pem"\nkey_file = "{CAMERA}.key"\nreconnect_most_s = 5\n'
            '[storage]\ndir = "/var/lib/viewkeeper"\n'
        )

    def enrol(self, device_key: Path, request: Path) -> tuple[Path, Path]:
        """The desk's bundle and the certificate for a camera's request."""
        bundle = self.folder / f"{CAMERA}.enrolment"
        authority("camera", "enrol", self.desk, "--camera", CAMERA, "--site", SITE,
                  "--device-key", device_key.read_text().strip(), "--hfov-deg", 60,
                  "--out", bundle)  # fmt: skip
        issued = self.certs.issue("camera", f"{SITE}/{CAMERA}", request=request.read_bytes())
        return bundle, self.certs.path_of(issued.name, "crt")

    def configure(self, view_hash: str) -> str:
        """Sign a configuration that names the registered view, and send it."""
        example = authority("config", "example")
        file, order = self.folder / "cam.toml", self.folder / "config.cose"
        file.write_text(re.sub(r"# view_hash = .*", f'view_hash = "{view_hash}"', example), "utf-8")
        authority("config", "sign", self.desk, "--camera", CAMERA, "--file", file,
                  "--out", order, "--yes")  # fmt: skip
        cert, key = (self.certs.path_of("desk.desk", suffix) for suffix in ("crt", "key"))
        return authority("send", self.desk, order, "--host", "127.0.0.1", "--port", self.port,
                         "--ca", self.tls / "ca.crt", "--cert", cert, "--key", key,
                         "--timeout-s", 300)  # fmt: skip

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(f"{ROOT}/#", 1)

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic == f"{ROOT}/report" and not message.retain:
            self.reports.put(time.monotonic())
        elif message.topic == f"{ROOT}/state" and not message.retain:
            self.state = json.loads(message.payload)

    def picture(self) -> bytes:
        """What the camera sees now."""
        home = self._home
        self._camera.pose = Pose(
            home.pan_deg + self.pan_deg, home.tilt_deg, home.roll_deg, home.zoom
        )
        frame, _ = self._camera.frame(time.monotonic() % 1000)
        file = io.BytesIO()
        Image.fromarray(frame.luma).save(file, "JPEG", quality=90)
        return file.getvalue()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        around = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/image.jpg":
                    self._send(around.picture())
                elif self.path == "/update.raucb" and around.bundle is not None:
                    self._send_part(around.bundle)
                else:
                    self.send_error(404)

            def do_HEAD(self) -> None:
                self.do_GET()

            def _send(self, data: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _send_part(self, path: Path) -> None:
                """RAUC reads a bundle in ranges, and writes no copy of it."""
                size = path.stat().st_size
                wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                first = int(wanted[1]) if wanted else 0
                last = min(int(wanted[2]) if wanted and wanted[2] else size - 1, size - 1)
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(last - first + 1))
                self.send_header("Accept-Ranges", "bytes")
                if wanted:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.end_headers()
                if self.command == "HEAD":
                    return
                with path.open("rb") as file:
                    file.seek(first)
                    shutil.copyfileobj(io.BytesIO(file.read(last - first + 1)), self.wfile)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
