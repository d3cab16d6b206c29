"""The virtual camera as the agent's own adapters: a frame source and a sign, led by a stage file.

Rule: implements `agent/ports.py` and adds nothing to it; the agent runs on it as on any camera.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.core.frame import Frame, SensorState
from viewkeeper.agent.ports import FrameSource, SignageDriver, SourceError
from viewkeeper.agent.settings import SignageSettings, SourceSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.sim.camera.panorama import Panorama, load_panorama, street_scene
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.virtual import Truth, VirtualCamera
from viewkeeper.sim.errors import SimError, StageError
from viewkeeper.sim.signage import SignConditions, SimulatedLamp
from viewkeeper.sim.stage import STREET, Scene, Stage, stage_bytes

_NO_SIGNAL_WAIT_S = 0.5


def set_scene(scene: Scene) -> VirtualCamera:
    """A virtual camera as the scene says, at its registered pose.

    Raises:
        PanoramaError: the panorama cannot be read.
    """
    panorama = panorama_of(scene.panorama, scene.seed)
    home = panorama.home
    azimuth = home.pan_deg if scene.azimuth_deg is None else scene.azimuth_deg
    elevation = home.tilt_deg if scene.elevation_deg is None else scene.elevation_deg
    lens = Lens(scene.hfov_deg, scene.k1, scene.k2)
    pose = Pose(azimuth, elevation, home.roll_deg)
    return VirtualCamera(panorama, pose, lens, (scene.width_px, scene.height_px), scene.seed)


def panorama_of(name: str, seed: int) -> Panorama:
    """The built-in street by its word, or a file."""
    return street_scene(seed) if name == STREET else load_panorama(name)


class StageReader:
    """Reads a stage file again when its content has changed."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._bytes = b""
        self._stage: Stage | None = None

    def now(self) -> Stage:
        """The stage as it stands.

        Raises:
            StageError: the file is missing or wrong.
        """
        data = stage_bytes(self.path)
        if self._stage is None or data != self._bytes:
            try:
                self._stage = Stage.from_json(data)
            except StageError as error:
                raise StageError(error.reason, f"stage file {self.path}: {error.hint}") from None
            self._bytes = data
        return self._stage


class VirtualSource:
    """Implements the agent's `FrameSource`: frames of a virtual camera, at its frame rate.

    Args:
        path: the stage file; the harness may replace it at any time.
        monotonic, sleep: the clock, seconds.

    ``truth`` is of the frame last read; the agent has no way to it.
    """

    def __init__(
        self,
        path: str | Path,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reader = StageReader(path)
        self._monotonic, self._sleep = monotonic, sleep
        self._camera: VirtualCamera | None = None
        self._scene: Scene | None = None
        self._strikes = 0
        self._next_s = 0.0
        self.truth: Truth | None = None

    @property
    def name(self) -> str:
        """For people."""
        return f"virtual camera {self._reader.path.stem}"

    def open(self) -> None:
        """Read the stage and build the scene (a second or two for the street)."""
        stage = self._stage()
        self._build(stage)
        self._strikes = stage.strikes

    def read(self, timeout_s: float) -> Frame:
        """The next frame, when it is due.

        Raises:
            SourceError: the stage says there is no signal, or the stage file is wrong.
        """
        stage = self._stage()
        if self._camera is None or stage.scene != self._scene:
            self._build(stage)
        camera = self._camera
        assert camera is not None
        if not stage.signal:
            self._sleep(min(timeout_s, _NO_SIGNAL_WAIT_S))
            raise SourceError(Reason.SOURCE_LOST, f"{self.name} gives no picture")
        wait_s = self._next_s - self._monotonic()
        if wait_s > timeout_s:
            self._sleep(timeout_s)
            raise SourceError(Reason.SOURCE_LOST, f"{self.name}: no frame within {timeout_s:g} s")
        if wait_s > 0:
            self._sleep(wait_s)
        at_s = self._monotonic()
        self._next_s = at_s + 1.0 / stage.scene.fps
        camera.pose = camera.registered.moved(
            stage.pan_deg, stage.tilt_deg, stage.roll_deg, stage.zoom
        )
        camera.conditions = stage.conditions
        camera.sign = stage.sign.appearance
        if stage.strikes > self._strikes:
            camera.strike(at_s - 0.03)  # it was hit a moment ago, and rings in this frame
        self._strikes = stage.strikes
        frame, self.truth = camera.frame(at_s)
        return replace(frame, sensor=_felt(self.truth, stage)) if stage.sensors else frame

    def close(self) -> None:
        """Forget the scene."""
        self._camera = None

    def _stage(self) -> Stage:
        try:
            return self._reader.now()
        except StageError as error:
            missing = error.reason == "stage_unreadable"
            reason = Reason.FILE_MISSING if missing else Reason.SETTING
            raise SourceError(reason, error.hint) from None

    def _build(self, stage: Stage) -> None:
        try:
            self._camera, self._scene = set_scene(stage.scene), stage.scene
        except SimError as error:
            raise SourceError(Reason.FILE_UNREADABLE, error.hint) from None


def _felt(truth: Truth, stage: Stage) -> SensorState:
    """What the camera says of itself: down in its own frame, and the share of its sensor in use."""
    down = truth.pose.moved(tilt_deg=stage.felt_tilt_deg).rotation().T @ (0.0, 1.0, 0.0)
    return SensorState(gravity=(float(down[0]), float(down[1]), float(down[2])), crop_share=1.0)


class StageLamp(SimulatedLamp):
    """The sign's lamp, led by the same stage file."""

    def __init__(self, path: str | Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reader = StageReader(path)
        super().__init__(self._sign, monotonic)

    def _sign(self) -> SignConditions:
        try:
            return self._reader.now().sign
        except StageError as error:
            raise SetupError(Reason.SETTING, error.hint) from None


def _virtual(settings: SourceSettings) -> FrameSource:
    return VirtualSource(settings.path)


def _simulated(settings: SignageSettings) -> SignageDriver:
    return StageLamp(settings.path)


def adapters() -> Adapters:
    """The agent's own adapters, and ``[source] kind = "virtual"``, ``[signage] driver =
    "simulated"``; ``path`` is the stage file in both."""
    own = Adapters()
    return Adapters(
        sources={**own.sources, "virtual": _virtual},
        signage={**own.signage, "simulated": _simulated},
    )
