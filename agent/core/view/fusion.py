"""What the camera says of itself beside what its picture says: the same, or something else.

Rule: a sensor never makes or unmakes a verdict. The picture's verdict stands; a disagreement
gets a name of its own, since a mount that turned before an unchanged picture is a fault or a fraud.

What the sensors said when the view was first seen to be the same is *home*, and everything is
measured from there. A word counts once it was said for `LASTING_S` without a break, since a
mount's status and a picture are seldom of one moment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from viewkeeper.agent.core.frame import SensorState
from viewkeeper.agent.core.quality.health import ImageHealth, Kind
from viewkeeper.agent.core.view.geometry import Floats, Move
from viewkeeper.protocol.vocabulary import DISAGREEMENTS, Corroboration, ViewVerdict

CROP_CHANGED = 0.005
"""Relative change of the crop that is a change of zoom and not its rounding."""
PTZ_CHANGED = 0.002
"""Of ONVIF's generic spaces, whose whole is 2: 0.36 degrees of a mount that turns all round [P]."""
ZOOM_FITS = 0.01
"""How far the picture's zoom may be from the crop's and still be explained by it."""
GRAVITY_CHANGED_DEG = 1.0
"""An accelerometer drifts by 0.2 to 0.6 degrees over 40 °C (LSM6DSO, BMI270)."""
GRAVITY_LENGTH = 0.1
"""Relative change of its length from which what is felt is not gravity alone."""
FOCUS_CHANGED_DIOPTRE = 0.25
LASTING_S = 15.0
"""A network camera is asked for its mount every ten seconds."""

_SAME, _MOVED, _UNSEEN = "same", "moved", "unseen"
_PICTURE = {
    ViewVerdict.SAME: _SAME,
    ViewVerdict.OBSTRUCTED: _SAME,
    ViewVerdict.MOVED: _MOVED,
    ViewVerdict.CANNOT_TELL: _UNSEEN,
}


@dataclass(frozen=True, slots=True)
class Corroborated:
    """What the sensors add, over time; begin with ``Corroborated()``.

    Attributes:
        home: what each sensor said when the view was first seen to be the same.
        words: that stand now.
        latest, since_s: of the last check, and since when they are the same.
    """

    home: SensorState = SensorState()
    words: tuple[Corroboration, ...] = ()
    latest: tuple[Corroboration, ...] = ()
    since_s: float = 0.0

    @property
    def disagreements(self) -> tuple[Corroboration, ...]:
        """Those of the words that contradict the picture."""
        return tuple(word for word in self.words if word in DISAGREEMENTS)


def step(
    before: Corroborated,
    now: SensorState,
    verdict: ViewVerdict,
    move: Move,
    health: ImageHealth,
    at_s: float,
) -> Corroborated:
    """One check further.

    Args:
        before: from the check before.
        now: sensor state of the present frame.
        verdict: on the picture, over time.
        move: of the picture; read only where the verdict is `moved`.
        health: of the picture.
        at_s: when, in the caller's seconds.
    """
    home = before.home
    if verdict is ViewVerdict.SAME:
        home = _first_known(home, now)
    latest = fuse(home, now, verdict, move, health)
    since_s = before.since_s if latest == before.latest else at_s
    words = latest if at_s - since_s >= LASTING_S else before.words
    return Corroborated(home, words, latest, since_s)


def fuse(
    home: SensorState,
    now: SensorState,
    verdict: ViewVerdict,
    move: Move,
    health: ImageHealth,
) -> tuple[Corroboration, ...]:
    """Hear the sensors on one check; arguments as for `step`."""
    picture = _PICTURE[verdict]
    heard = (
        _of_zoom(home, now, picture, move),
        _of_mount(home, now, picture),
        _of_gravity(home, now, picture, move),
        _of_focus(home, now, health),
        _of_tamper(now, picture),
    )
    return tuple(word for word in heard if word is not None)


def _first_known(home: SensorState, now: SensorState) -> SensorState:
    """Home, and what it did not know yet."""
    if now.ptz is not None and now.ptz.moving:
        now = replace(now, ptz=None)
    return replace(
        home,
        crop_share=now.crop_share if home.crop_share is None else home.crop_share,
        lens_position_dioptre=(
            now.lens_position_dioptre
            if home.lens_position_dioptre is None
            else home.lens_position_dioptre
        ),
        gravity=now.gravity if home.gravity is None else home.gravity,
        ptz=now.ptz if home.ptz is None else home.ptz,
    )


def _of_zoom(home: SensorState, now: SensorState, picture: str, move: Move) -> Corroboration | None:
    if not home.crop_share or not now.crop_share or picture == _UNSEEN:
        return None
    zoom = home.crop_share / now.crop_share  # a smaller share is a narrower view
    if abs(zoom - 1.0) < CROP_CHANGED:
        return None
    if picture == _SAME:
        return Corroboration.ZOOM_CHANGED_PICTURE_SAME
    fits = abs(move.zoom / zoom - 1.0) < ZOOM_FITS
    return Corroboration.ZOOMED_BY_CAMERA if fits else Corroboration.ZOOM_DIFFERS


def _of_mount(home: SensorState, now: SensorState, picture: str) -> Corroboration | None:
    if home.ptz is None or now.ptz is None or now.ptz.moving:
        return None
    a, b = home.ptz, now.ptz
    turned = max(abs(a.pan - b.pan), abs(a.tilt - b.tilt), abs(a.zoom - b.zoom)) > PTZ_CHANGED
    if not turned:
        return Corroboration.MOUNT_STILL_PICTURE_MOVED if picture == _MOVED else None
    return {
        _SAME: Corroboration.MOUNT_TURNED_PICTURE_SAME,
        _MOVED: Corroboration.TURNED_BY_MOUNT,
        _UNSEEN: Corroboration.TURNED_UNSEEN,
    }[picture]


def _of_gravity(
    home: SensorState, now: SensorState, picture: str, move: Move
) -> Corroboration | None:
    if home.gravity is None or now.gravity is None:
        return None
    a, b = np.array(home.gravity), np.array(now.gravity)
    length_a, length_b = math.hypot(*home.gravity), math.hypot(*now.gravity)
    if not length_a or abs(length_b / length_a - 1.0) > GRAVITY_LENGTH:
        return None
    a, b = a / length_a, b / length_b
    if picture != _MOVED:
        if _apart_deg(a, b) <= GRAVITY_CHANGED_DEG:
            return None
        same = picture == _SAME
        return Corroboration.TILTED_PICTURE_SAME if same else Corroboration.TILTED_UNSEEN
    expected = move.rotation().T @ a
    if _apart_deg(expected, b) > GRAVITY_CHANGED_DEG:
        return Corroboration.TILT_DIFFERS
    # Panning about gravity it cannot feel: silence there is no agreement.
    return Corroboration.TILT_AGREES if _apart_deg(a, expected) > GRAVITY_CHANGED_DEG else None


def _apart_deg(a: Floats, b: Floats) -> float:
    return math.degrees(math.acos(min(1.0, max(-1.0, float(a @ b)))))


def _of_focus(home: SensorState, now: SensorState, health: ImageHealth) -> Corroboration | None:
    before, after = home.lens_position_dioptre, now.lens_position_dioptre
    if before is None or after is None:
        return None
    if all(finding.kind is not Kind.DEFOCUSED for finding in health.findings):
        return None  # an autofocus is at work all day
    if abs(after - before) > FOCUS_CHANGED_DIOPTRE:
        return Corroboration.FOCUS_MOVED
    return Corroboration.FOCUS_STILL_PICTURE_BLURRED


def _of_tamper(now: SensorState, picture: str) -> Corroboration | None:
    if not now.tampered:  # silence of a tamper detector proves nothing
        return None
    return {
        _SAME: Corroboration.TAMPER_PICTURE_SAME,
        _MOVED: Corroboration.TAMPER_AGREES,
        _UNSEEN: Corroboration.TAMPER_AGREES,
    }[picture]
