"""Sets a whole chain up in one folder, with throw-away keys, and takes it down again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from viewkeeper.authority.config_file import parse_config
from viewkeeper.authority.desk import Desk
from viewkeeper.authority.keys import read_public_key
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import Command, Config, LifecycleStep, OrderBody
from viewkeeper.protocol.records import VerdictRecord
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Role
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.demo.device import DeviceCamera
from viewkeeper.sim.demo.observer import Observer
from viewkeeper.sim.stage import Scene, Stage, StageHand

SITE = "demo"
HFOV_DEG = 60.0
REPORT_PERIOD_S = 5
TOLERANCE_DEG = 1.0

CONFIG = """\
check_period_s = {check_period_s}
report_period_s = {report_period_s}
retention_days = {retention_days}
view_hash = "{view_hash}"

[tolerance]
pan_deg = {tolerance_deg}
tilt_deg = {tolerance_deg}
roll_deg = {tolerance_deg}
zoom_percent = 2.0

[place]
regime = "art7"
codes = [{codes}]
near_secret_unit = false

[sign]
operator = "合肥市公安局示范支队"
purpose = "维护公共安全"
phone = "0551-0000-0000"
lit_required = true
"""

AGENT = """\
[camera]
site = "{site}"
id = "{camera}"
hfov_deg = {hfov_deg}

[source]
kind = "virtual"
path = "{stage}"

[signage]
driver = "simulated"
path = "{stage}"

[broker]
host = "{host}"
port = {port}
keepalive_s = 10
reconnect_first_s = 0.5
reconnect_most_s = 3.0
will_delay_s = 1

[storage]
dir = "{state}"

[clock]
assume_synchronised = true
"""


@dataclass(frozen=True, slots=True)
class OrderSent:
    """An order on its way, and what came back."""

    message: bytes
    verdict: VerdictRecord | None


class Camera:
    """One real agent on a virtual camera.

    Args:
        folder: of its files.
        name: its id.
        broker: where it reports.
        scene: what it looks at.
    """

    def __init__(self, folder: Path, name: str, broker: Broker, scene: Scene) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.folder = name, folder
        self.topics = Topics(SITE, name)
        self.scene = scene
        self.stage = StageHand(folder / "stage.json", Stage(scene=scene))
        self.config = folder / "agent.toml"
        self.log = folder / "agent.log"
        self.state = folder / "state"
        self.config.write_text(
            AGENT.format(
                site=SITE,
                camera=name,
                hfov_deg=scene.hfov_deg,
                stage=folder / "stage.json",
                host=broker.host,
                port=broker.tcp_port,
                state=self.state,
            ),
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def agent(self, *arguments: str) -> str:
        """Run an agent command to its end and return what it printed.

        Raises:
            SetupError: it failed; its own line says why.
        """
        command = [*_AGENT, *arguments, "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, env=_env(), check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise SetupError(Reason.SETTING, f"agent {arguments[0]}: {last}")
        return done.stdout.strip()

    def enrol(self, bundle: Path) -> None:
        """Bring the desk's bundle to the camera."""
        self.agent("enrol", "--bundle", str(bundle))

    def start(self) -> None:
        """Start the agent process."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_AGENT, "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_env(),
            )

    @property
    def pid(self) -> int:
        if self._process is None:
            raise SetupError(Reason.SETTING, f"the agent of {self.name} does not run")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """The agent stands still meanwhile: what others do first is then certain."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut: no farewell."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Ask it to end, and make sure."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


_AGENT = (sys.executable, "-m", "viewkeeper.sim.agent")


def _env() -> dict[str, str]:
    # One thread a library: the camera has one core to spare, and so has this machine.
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(slots=True)
class World:
    """Broker, desk, cameras and an observer. Use as a context manager.

    Args:
        folder: where everything is kept.
        broker: a running one; this world stops it at the end.
    """

    folder: Path
    broker: Broker
    desk: Desk = field(init=False)
    observer: Observer = field(init=False)
    cameras: dict[str, Camera] = field(default_factory=dict)
    devices: dict[str, DeviceCamera] = field(default_factory=dict)

    def __post_init__(self) -> None:
        persons = ["Wang Fang", "Li Na", "Zhang Wei"]
        self.desk = Desk.create(self.folder / "desk", persons, now_s=int(time.time()))
        self.observer = Observer(self.broker.host, self.broker.tcp_port, {})
        if not self.observer.wait_connected():
            raise SetupError(Reason.BROKER, "the broker does not let the observer in")

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        for camera in (*self.cameras.values(), *self.devices.values()):
            camera.stop()
        self.observer.close()
        self.broker.stop()

    def add_camera(
        self, name: str, title: str, title_zh: str = "", scene: Scene | None = None
    ) -> Camera:
        """Make a camera's key on the camera, enrol it at the desk and bring the bundle back."""
        camera = Camera(self.folder / name, name, self.broker, scene or Scene(hfov_deg=HFOV_DEG))
        self._enrol(camera, title, title_zh)
        self.cameras[name] = camera
        return camera

    def add_device(
        self, name: str, title: str, title_zh: str = "", scene: Scene | None = None
    ) -> DeviceCamera:
        """The same for a MicroPython device, whose camera is a virtual one over HTTP.

        Raises:
            SetupError: there is no MicroPython here.
        """
        folder, scene = self.folder / name, scene or Scene(hfov_deg=HFOV_DEG)
        device = DeviceCamera(folder, SITE, name, self.broker, scene)
        self.devices[name] = device
        self._enrol(device, title, title_zh)
        return device

    def _enrol(self, camera: Camera | DeviceCamera, title: str, title_zh: str) -> None:
        key = read_public_key(camera.agent("key"))
        enrolment = self.desk.enrol(
            camera=camera.name,
            site=SITE,
            device_key=key,
            now_s=int(time.time()),
            title=title,
            hfov_deg=camera.scene.hfov_deg,
            extra={
                "title_zh": title_zh or title,
                "aspect": camera.scene.width_px / camera.scene.height_px,
                "report_period_s": REPORT_PERIOD_S,
                "tolerance": {
                    "pan_deg": TOLERANCE_DEG,
                    "tilt_deg": TOLERANCE_DEG,
                    "roll_deg": TOLERANCE_DEG,
                    "zoom": 0.02,
                },
            },
        )
        bundle = camera.folder / "enrolment.cbor"
        bundle.write_bytes(enrolment.encode())
        camera.enrol(bundle)
        self.observer.add_key(camera.name, key)

    def register_view(self, camera: Camera, frames: int = 8) -> bytes:
        """Register what the camera sees now; its hash."""
        printed = camera.agent(
            "register",
            "--frames",
            str(frames),
            "--interval",
            "0.25",
            "--plot",
            str(camera.folder / "registered.png"),
        )
        return bytes.fromhex(printed.splitlines()[-1])

    def configuration(
        self,
        view_hash: bytes,
        *,
        codes: tuple[str, ...] = ("A1", "M01"),
        check_period_s: float = 0.5,
        report_period_s: int = REPORT_PERIOD_S,
        retention_days: int = 30,
        tolerance_deg: float = TOLERANCE_DEG,
    ) -> Config:
        """The demo's configuration, with changes."""
        return parse_config(
            CONFIG.format(
                view_hash=view_hash.hex(),
                codes=", ".join(f'"{code}"' for code in codes),
                check_period_s=check_period_s,
                report_period_s=report_period_s,
                retention_days=retention_days,
                tolerance_deg=tolerance_deg,
            )
        )

    def signed(
        self, camera: Camera | DeviceCamera, body: OrderBody, *, life_s: int = 3600
    ) -> bytes:
        """Sign an order at the desk, as the keyset asks."""
        order = self.desk.draft(camera.name, body, now_s=int(time.time()), life_s=life_s)
        role = Role.LIFECYCLE if isinstance(body, LifecycleStep) else Role.CONFIGURATION
        return self.desk.sign(order, self.desk.signers_for(role))

    def send(
        self,
        camera: Camera | DeviceCamera,
        message: bytes,
        kind: OrderKind = OrderKind.CONFIG,
        *,
        command: str = "identify",
        timeout_s: float = 20.0,
    ) -> OrderSent:
        """Publish an order's bytes, whatever they are, and wait for the verdict on them."""
        before = len(self.observer.seen(camera.name).verdicts)
        topic = camera.topics.order(kind, command=command)
        self.observer.publish(topic, message, retain=kind is OrderKind.CONFIG)
        digest = hashlib.sha256(message).digest()
        verdict = self.observer.wait_verdict(camera.name, digest, after=before, timeout_s=timeout_s)
        if verdict is not None and verdict.accepted:
            self.desk.acknowledge(camera.name, message, verdict)
        return OrderSent(message, verdict)

    def order(self, camera: Camera | DeviceCamera, body: OrderBody) -> OrderSent:
        """Sign and send."""
        kind = OrderKind.LIFECYCLE if isinstance(body, LifecycleStep) else OrderKind.CONFIG
        if isinstance(body, Command):
            message = self.signed(camera, body, life_s=600)
            return self.send(camera, message, OrderKind.COMMAND, command=body.name)
        return self.send(camera, self.signed(camera, body), kind)

    def step(
        self,
        camera: Camera | DeviceCamera,
        to: LifecycleState,
        document: str,
        *,
        passed: bool | None = None,
    ) -> OrderSent:
        """One lifecycle step, dated today."""
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        body = LifecycleStep(to=to, on_date=today, document=document, passed=passed)
        return self.order(camera, body)

    def stranger_signs(self, camera: Camera | DeviceCamera, body: OrderBody) -> bytes:
        """The same order from a key that no keyset knows."""
        order = self.desk.draft(camera.name, body, now_s=int(time.time()))
        stranger = cose.SoftwareSigner.from_seed(os.urandom(32))
        return cose.sign1(order.encode(), stranger, cose.Domain.CONFIG)
