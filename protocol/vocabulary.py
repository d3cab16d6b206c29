"""The closed vocabularies of the wire: texts that mean the same everywhere."""

from __future__ import annotations

from enum import IntEnum, StrEnum, unique


@unique
class RecordKind(IntEnum):
    """What a signed record from a device holds."""

    REPORT = 1
    EVENT = 2
    ALARM = 3
    VERDICT = 4
    GAP = 5
    CLOCK_FIX = 6
    ACCESS = 7
    READING = 8
    UPDATE = 9


@unique
class OrderKind(IntEnum):
    """What a signed order to a device asks for."""

    CONFIG = 1
    KEYSET = 2
    GRANT = 3
    COMMAND = 4
    LIFECYCLE = 5


@unique
class ViewVerdict(StrEnum):
    """Does the camera look where it was registered to look?"""

    SAME = "same"
    MOVED = "moved"
    CANNOT_TELL = "cannot_tell"
    OBSTRUCTED = "obstructed"


@unique
class ViewCause(StrEnum):
    """Why a view cannot be told."""

    COVERED = "covered"
    DEFOCUSED = "defocused"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    LOW_CONTRAST = "low_contrast"
    FROZEN = "frozen"
    REPLAYED = "replayed"
    NO_TEXTURE = "no_texture"
    NO_MATCH = "no_match"
    """The picture is well, but shows nothing of the registered view."""
    IMPRECISE = "imprecise"
    """Found, but the standard error is larger than the tolerance."""
    NOISE = "noise"
    SIGNAL_LOST = "signal_lost"
    NOT_REGISTERED = "not_registered"
    STARTING = "starting"
    GLARE = "glare"
    STRIPES = "stripes"
    SHAKE = "shake"
    DIRTY_GLASS = "dirty_glass"
    COLOUR_CAST = "colour_cast"
    """A finding of image health only: it never hides a view."""
    RECORDED = "recorded"
    """The same: the source says itself that it shows a recording in a ring."""
    NO_CAMERA = "no_camera"
    """A board of sensors beside a camera: it feels the mount and sees nothing."""


@unique
class TamperState(StrEnum):
    """The switch in a device's case."""

    CLOSED = "closed"
    OPEN = "open"


@unique
class Corroboration(StrEnum):
    """What the camera's own state adds to the verdict on its view. None makes or unmakes it."""

    ZOOMED_BY_CAMERA = "zoomed_by_camera"
    """The crop changed and the picture's zoom with it, as much: not a hand on the lens."""
    ZOOM_CHANGED_PICTURE_SAME = "zoom_changed_picture_same"
    ZOOM_DIFFERS = "zoom_differs"
    """The crop changed, the picture moved, and the one does not explain the other."""
    TURNED_BY_MOUNT = "turned_by_mount"
    TURNED_UNSEEN = "turned_unseen"
    """The mount turned while the picture could not tell."""
    MOUNT_TURNED_PICTURE_SAME = "mount_turned_picture_same"
    MOUNT_STILL_PICTURE_MOVED = "mount_still_picture_moved"
    """Knocked or rehung from outside: the mount did not turn."""
    TILT_AGREES = "tilt_agrees"
    """Gravity turned in the camera as the picture says."""
    TILTED_UNSEEN = "tilted_unseen"
    """Gravity turned in the camera while the picture could not tell."""
    TILTED_PICTURE_SAME = "tilted_picture_same"
    TILT_DIFFERS = "tilt_differs"
    """The picture moved, and gravity turned otherwise."""
    FOCUS_MOVED = "focus_moved"
    """Out of focus since the lens was set to another distance."""
    FOCUS_STILL_PICTURE_BLURRED = "focus_still_picture_blurred"
    TAMPER_AGREES = "tamper_agrees"
    TAMPER_PICTURE_SAME = "tamper_picture_same"


DISAGREEMENTS = frozenset(
    {
        Corroboration.ZOOM_CHANGED_PICTURE_SAME,
        Corroboration.ZOOM_DIFFERS,
        Corroboration.MOUNT_TURNED_PICTURE_SAME,
        Corroboration.MOUNT_STILL_PICTURE_MOVED,
        Corroboration.TILTED_PICTURE_SAME,
        Corroboration.TILT_DIFFERS,
        Corroboration.FOCUS_STILL_PICTURE_BLURRED,
        Corroboration.TAMPER_PICTURE_SAME,
    }
)
"""Where picture and camera contradict each other: one of them is wrong, or is being deceived."""


@unique
class SignageState(StrEnum):
    """Is the sign there? (REGULATION §10; lit is an axis of its own.)"""

    PRESENT = "present"
    OBSCURED = "obscured"
    MISSING = "missing"
    REPLACED = "replaced"
    """The board hangs there and shows something else."""
    PHOTO_EXPIRED = "photo_expired"
    TEXT_MISMATCH = "text_mismatch"
    UNKNOWN = "unknown"


@unique
class LitState(StrEnum):
    """Does the sign's lamp burn?"""

    LIT = "lit"
    UNLIT = "unlit"
    FAILING = "failing"
    UNKNOWN = "unknown"


@unique
class SignageSource(StrEnum):
    """What the sign's state rests on."""

    VIEW = "view"
    """The board as seen by the camera itself."""
    SENSOR = "sensor"
    DISPLAY = "display"
    """Drawn by the agent, and read back where the display can."""
    PHOTO = "photo"
    """A signed inspection record."""


@unique
class LifecycleState(StrEnum):
    """Where a camera stands between factory and withdrawal (REGULATION §7)."""

    MANUFACTURED = "manufactured"
    REGISTERED = "registered"
    ACCEPTED = "accepted"
    IN_USE = "in_use"
    FILING_DUE = "filing_due"
    FILED = "filed"
    CHANGE_DUE = "change_due"
    WITHDRAWN = "withdrawn"


@unique
class Regime(StrEnum):
    """Which part of State Council Order 799 a camera stands under."""

    ART7 = "art7"
    ART9 = "art9"
    NONPUBLIC = "nonpublic"


@unique
class EventKind(StrEnum):
    """Suspicious-event flags. Flags only: no pixels, no identity."""

    CAMERA_COVERED = "camera_covered"
    CAMERA_STRUCK = "camera_struck"
    CAMERA_MOVED = "camera_moved"
    FEED_FROZEN = "feed_frozen"
    FEED_REPLAYED = "feed_replayed"
    INTRUSION = "intrusion"
    LINE_CROSSED = "line_crossed"
    WRONG_WAY = "wrong_way"
    LOITERING = "loitering"
    OBJECT_LEFT = "object_left"
    OBJECT_REMOVED = "object_removed"
    CROWD_DENSITY = "crowd_density"
    GATHERING = "gathering"
    SCATTERING = "scattering"
    FAST_MOTION = "fast_motion"


@unique
class ZoneKind(StrEnum):
    """What a zone of the signed configuration is."""

    AREA = "area"
    LINE = "line"


@unique
class LineDirection(StrEnum):
    """Across a line, walking it from its first point to its second, as seen in the picture."""

    FORWARD = "forward"
    """From its left to its right."""
    BACKWARD = "backward"
    """From its right to its left."""
    BOTH = "both"


@unique
class WatchState(StrEnum):
    """Are the zones of the signed configuration being watched?"""

    OFF = "off"
    """There are none."""
    LEARNING = "learning"
    """The background is not known yet, or the light has just changed."""
    WATCHING = "watching"
    SUSPENDED = "suspended"
    """The view is moved or cannot be told: nobody knows where the zones are."""


@unique
class AlarmKind(StrEnum):
    """States that stand until they end; one retained topic each."""

    VIEW_MOVED = "view_moved"
    VIEW_UNKNOWN = "view_unknown"
    VIEW_OBSTRUCTED = "view_obstructed"
    SIGN_FAULT = "sign_fault"
    ORDER_REFUSED = "order_refused"
    CLOCK_FAULT = "clock_fault"
    STORAGE_FAULT = "storage_fault"
    LEDGER_FAULT = "ledger_fault"
    EVENT_UNREPORTED = "event_unreported"
    """A flag that no signed order has closed yet (Order 270 Art. 17)."""
    MOUNT_MOVED = "mount_moved"
    """Gravity lies otherwise than when the view was registered."""
    CASE_OPEN = "case_open"
    SAFE_MODE = "safe_mode"
    """The program kept crashing: the device takes orders and reports, and does nothing else."""
    BOARD_FAULT = "board_fault"
    """The board of sensors on the camera's serial line is silent, or is not the one enrolled."""


@unique
class UpdateStage(StrEnum):
    """How far a signed program got on a device."""

    OFFERED = "offered"
    """Its statement holds; what is lacking is fetched."""
    TAKEN = "taken"
    """It lies there whole and is tried at the next start."""
    REFUSED = "refused"
    STARTED = "started"
    """It runs, on trial."""
    PROVED = "proved"
    TAKEN_BACK = "taken_back"
    """It did not prove itself: the one before it runs."""


@unique
class ClockTrust(StrEnum):
    """What a device's idea of the time rests on."""

    SYNCHRONISED = "synchronised"
    FLOOR = "floor"
    """Not synchronised: no earlier than the last accepted signed message."""


@unique
class Role(StrEnum):
    """What a key may sign."""

    ROOT = "root"
    CONFIGURATION = "configuration"
    LIFECYCLE = "lifecycle"
    ACCESS = "access"
    """To look at footage as an executing officer; never enough alone."""
    APPROVAL = "approval"
    """To approve a look at footage; who approves does not look."""
    UPDATE = "update"
    WITNESS = "witness"
    """To countersign checkpoints; orders nothing."""


@unique
class AccessAct(StrEnum):
    """What an entry of the access register is about (Order 270 Art. 17(2))."""

    GRANTED = "granted"
    """Leave was given: approver and officers signed."""
    VIEWED = "viewed"
    COPIED = "copied"
    FETCHED = "fetched"
    """Taken away: to the police, a court, another organ."""


@unique
class AccessCover(StrEnum):
    """Whether a declared look rests on a grant that this camera obeyed."""

    GRANT = "grant"
    NO_GRANT = "no_grant"
    """None was named, or none of that hash was obeyed here lately."""
    OTHER_PERSONS = "other_persons"
    """Somebody looked whom the grant does not name, or fewer than two."""
    OTHER_FOOTAGE = "other_footage"
    OTHER_TIME = "other_time"
    OTHER_USE = "other_use"
    """Another destination than the grant names."""
