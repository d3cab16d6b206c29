"""The stage as a value and as JSON: what a running virtual camera is to meet.

Rule: text in, value out, and back; files are `stage`. Unknown names and impossible values are
refused, with the reason.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.errors import StageError
from viewkeeper.sim.signage import Board, LampFault, SignConditions

STREET = "street"
Word = TypeVar("Word", Board, LampFault)


@dataclass(frozen=True, slots=True)
class Scene:
    """What does not change while a camera runs (if it does, the camera starts anew)."""

    panorama: str = STREET
    """``street``, or the path of a .hdr, PNG or JPEG panorama."""
    seed: int = 1
    """Of the drawn street and of all that is random before the camera."""
    width_px: int = 320
    height_px: int = 240
    hfov_deg: float = 60.0
    k1: float = 0.0
    k2: float = 0.0
    fps: float = 5.0
    azimuth_deg: float | None = None
    """Where the registered camera looks; ``None``: the panorama's own home view."""
    elevation_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One moment of the play. Angles are a move from the registered pose, in degrees."""

    scene: Scene = field(default_factory=Scene)
    pan_deg: float = 0.0
    tilt_deg: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0
    conditions: Conditions = field(default_factory=Conditions)
    sign: SignConditions = field(default_factory=SignConditions)
    strikes: int = 0
    """How often the pole has been hit so far; the camera rings when this grows."""
    signal: bool = True
    """False: the source gives no picture at all."""
    sensors: bool = False
    """True: the camera also says which way is down, and how much of its sensor is in use."""
    felt_tilt_deg: float = 0.0
    """How far the camera is tilted up beyond what its picture shows: a picture of the view held
    before the lens, and the camera turned behind it."""

    @property
    def move(self) -> Pose:
        """Of the camera, relative to the registered one."""
        return Pose(self.pan_deg, self.tilt_deg, self.roll_deg, self.zoom)

    def knocked(
        self,
        pan_deg: float = 0.0,
        tilt_deg: float = 0.0,
        roll_deg: float = 0.0,
        zoom: float = 1.0,
    ) -> Stage:
        """Pushed by so much from where it is, in the camera's own frame."""
        move = self.move.moved(pan_deg, tilt_deg, roll_deg, zoom)
        return replace(
            self,
            pan_deg=move.pan_deg,
            tilt_deg=move.tilt_deg,
            roll_deg=move.roll_deg,
            zoom=move.zoom,
        )

    def to_json(self) -> str:
        """Readable, stable, complete but for conditions of a clear day."""
        values = asdict(self)
        values["conditions"] = self.conditions.to_dict()
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str | bytes) -> Stage:
        """The reverse; every key may be left out.

        Raises:
            StageError: not JSON, an unknown name, a wrong type, a value out of range.
        """
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise StageError("stage_json", f"the stage file is not JSON: {error}") from None
        values = _only(values, _STAGE, "the stage")
        scene = _only(values.pop("scene", {}), _SCENE, "scene")
        sign = _only(values.pop("sign", {}), _SIGN, "sign")
        conditions = values.pop("conditions", {})
        if not isinstance(conditions, dict):
            raise StageError("stage_type", "conditions must be an object")
        stage = Stage(
            scene=Scene(**scene),
            conditions=Conditions.from_dict(conditions),
            sign=SignConditions(
                board=word(Board, sign.get("board", Board.PRESENT), "sign.board"),
                lamp_on=sign.get("lamp_on", True),
                fault=word(LampFault, sign.get("fault", LampFault.NONE), "sign.fault"),
            ),
            **values,
        )
        check_ranges(stage)
        return stage


_Number = (int, float)
_STAGE: dict[str, tuple[type, ...]] = {
    "scene": (dict,),
    "pan_deg": _Number,
    "tilt_deg": _Number,
    "roll_deg": _Number,
    "zoom": _Number,
    "conditions": (dict,),
    "sign": (dict,),
    "strikes": (int,),
    "signal": (bool,),
    "sensors": (bool,),
    "felt_tilt_deg": _Number,
}
_SCENE: dict[str, tuple[type, ...]] = {
    "panorama": (str,),
    "seed": (int,),
    "width_px": (int,),
    "height_px": (int,),
    "hfov_deg": _Number,
    "k1": _Number,
    "k2": _Number,
    "fps": _Number,
    "azimuth_deg": (*_Number, type(None)),
    "elevation_deg": (*_Number, type(None)),
}
_SIGN: dict[str, tuple[type, ...]] = {"board": (str,), "lamp_on": (bool,), "fault": (str,)}


def _only(values: Any, allowed: Mapping[str, tuple[type, ...]], where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise StageError("stage_type", f"{where} must be an object")
    for name, value in values.items():
        if name not in allowed:
            raise StageError(
                "stage_unknown", f"{where} has no {name!r}; known: {', '.join(allowed)}"
            )
        is_bool = isinstance(value, bool)
        if not isinstance(value, allowed[name]) or (is_bool and bool not in allowed[name]):
            wanted = allowed[name][0].__name__
            raise StageError("stage_type", f"{where}: {name} must be {wanted}, is {value!r}")
        if isinstance(value, float) and not math.isfinite(value):
            raise StageError("stage_range", f"{where}: {name} must be finite, is {value!r}")
    return dict(values)


def word(kind: type[Word], value: str, where: str) -> Word:
    """A word of the vocabulary, or a refusal that lists it."""
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        raise StageError("stage_word", f"{where} must be one of {known}, is {value!r}") from None


def check_ranges(stage: Stage) -> None:
    """Refuse what cannot be staged."""
    scene = stage.scene
    checks = (
        (16 <= scene.width_px <= 4096, "scene.width_px must be 16 .. 4096"),
        (16 <= scene.height_px <= 4096, "scene.height_px must be 16 .. 4096"),
        (5 <= scene.hfov_deg <= 140, "scene.hfov_deg must be 5 .. 140"),
        (abs(scene.k1) <= 1 and abs(scene.k2) <= 1, "scene.k1 and k2 must be -1 .. 1"),
        (0.05 <= scene.fps <= 120, "scene.fps must be 0.05 .. 120"),
        (0 <= scene.seed < 2**63, "scene.seed must not be negative"),
        (bool(scene.panorama), "scene.panorama is empty"),
        (abs(scene.elevation_deg or 0) <= 89, "scene.elevation_deg must be -89 .. 89"),
        (abs(scene.azimuth_deg or 0) <= 360, "scene.azimuth_deg must be -360 .. 360"),
        (abs(stage.pan_deg) <= 180, "pan_deg must be -180 .. 180"),
        (abs(stage.tilt_deg) <= 89, "tilt_deg must be -89 .. 89"),
        (abs(stage.roll_deg) <= 180, "roll_deg must be -180 .. 180"),
        (0.1 <= stage.zoom <= 20, "zoom must be 0.1 .. 20"),
        (abs(stage.felt_tilt_deg) <= 89, "felt_tilt_deg must be -89 .. 89"),
        (0 <= stage.strikes < 2**31, "strikes must not be negative"),
    )
    for holds, text in checks:
        if not holds:
            raise StageError("stage_range", text)
