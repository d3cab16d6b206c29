"""What the camera says of itself beside what its picture says: the same, or something else.

Rule: a witness never makes or unmakes a verdict. The picture's verdict stands; a disagreement
gets a name of its own, since a mount that turned before an unchanged picture is a fault or a fraud.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from viewkeeper.agent.core.frame import SensorState
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import ViewVerdict

CROP_CHANGED = 0.005
"""Relative change of the crop that is a change of zoom and not its rounding."""
PTZ_CHANGED = 0.002
"""Of ONVIF's generic spaces, whose whole is 2: 0.36 degrees of a mount that turns all round [P]."""
ZOOM_FITS = 0.01
"""How far the picture's zoom may be from the crop's and still be explained by it."""


class Witness(StrEnum):
    """What the camera's own state adds to the verdict."""

    ZOOMED_BY_CAMERA = "zoomed_by_camera"
    """The crop changed and the picture's zoom with it, as much: not a hand on the lens."""
    ZOOM_CHANGED_PICTURE_SAME = "zoom_changed_picture_same"
    ZOOM_DIFFERS = "zoom_differs"
    """The crop changed, the picture moved, and the one does not explain the other."""
    TURNED_BY_MOUNT = "turned_by_mount"
    PTZ_MOVED_PICTURE_SAME = "ptz_moved_picture_same"
    PTZ_STILL_PICTURE_MOVED = "ptz_still_picture_moved"
    """Knocked or rehung from outside: the mount did not turn."""
    TAMPER_AGREES = "tamper_agrees"
    TAMPER_PICTURE_SAME = "tamper_picture_same"


DISAGREEMENTS = frozenset(
    {
        Witness.ZOOM_CHANGED_PICTURE_SAME,
        Witness.ZOOM_DIFFERS,
        Witness.PTZ_MOVED_PICTURE_SAME,
        Witness.PTZ_STILL_PICTURE_MOVED,
        Witness.TAMPER_PICTURE_SAME,
    }
)


@dataclass(frozen=True, slots=True)
class Fusion:
    """The picture's verdict, and who agrees with it."""

    agree: tuple[Witness, ...] = ()
    disagree: tuple[Witness, ...] = ()


def fuse(home: SensorState, now: SensorState, verdict: ViewVerdict, move: Move) -> Fusion:
    """Hear the witnesses on one verdict.

    Args:
        home: sensor state while the view was last `same`, or when it was accepted.
        now: sensor state of the present frame.
        verdict: of the picture.
        move: of the picture; read only where the verdict is `moved`.
    """
    if verdict is ViewVerdict.CANNOT_TELL:
        return Fusion()
    moved = verdict is ViewVerdict.MOVED
    heard = (_of_zoom(home, now, moved, move), _of_ptz(home, now, moved), _of_tamper(now, moved))
    said = [witness for witness in heard if witness is not None]
    return Fusion(
        tuple(witness for witness in said if witness not in DISAGREEMENTS),
        tuple(witness for witness in said if witness in DISAGREEMENTS),
    )


def _of_zoom(home: SensorState, now: SensorState, moved: bool, move: Move) -> Witness | None:
    if not home.crop_share or not now.crop_share:
        return None
    zoom = home.crop_share / now.crop_share  # a smaller share is a narrower view
    if abs(zoom - 1.0) < CROP_CHANGED:
        return None
    if not moved:
        return Witness.ZOOM_CHANGED_PICTURE_SAME
    fits = abs(move.zoom / zoom - 1.0) < ZOOM_FITS
    return Witness.ZOOMED_BY_CAMERA if fits else Witness.ZOOM_DIFFERS


def _of_ptz(home: SensorState, now: SensorState, moved: bool) -> Witness | None:
    if home.ptz is None or now.ptz is None or now.ptz.moving:
        return None
    a, b = home.ptz, now.ptz
    turned = max(abs(a.pan - b.pan), abs(a.tilt - b.tilt), abs(a.zoom - b.zoom)) > PTZ_CHANGED
    if moved:
        return Witness.TURNED_BY_MOUNT if turned else Witness.PTZ_STILL_PICTURE_MOVED
    return Witness.PTZ_MOVED_PICTURE_SAME if turned else None


def _of_tamper(now: SensorState, moved: bool) -> Witness | None:
    if not now.tampered:  # silence of a tamper detector proves nothing
        return None
    return Witness.TAMPER_AGREES if moved else Witness.TAMPER_PICTURE_SAME
