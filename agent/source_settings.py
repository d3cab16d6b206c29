"""The settings table [source]: which keys each kind of camera takes, and in which ranges."""

from __future__ import annotations

from dataclasses import dataclass, fields

from viewkeeper.protocol.errors import Reason, SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Where frames come from."""

    kind: str
    """files, video, rtsp, snapshot, v4l2 or picamera2; the harness adds its own."""
    path: str = ""
    """A picture, a folder or a video; of kind v4l2 the device."""
    loop: bool = False
    """Begin a folder anew after its last picture."""
    timeout_s: float = 5.0
    """How long a check waits for a frame, seconds, above 0 to 300."""
    url: str = ""
    """Of a network camera, without credentials."""
    username: str = ""
    password_file: str = ""
    """Its first line is the password; readable for its owner only."""
    ca_file: str = ""
    """The certificate authority of an https camera; empty: the system's."""
    width: int = 0
    """Of the frames, pixels, even; 0 leaves it to the camera."""
    height: int = 0
    pixel_format: str = "jpeg"
    """Of kind snapshot: jpeg, or OpenIPC's raw yuv420."""
    period_s: float = 1.0
    """Of kind snapshot: seconds between two pictures, 0.1 to 3600."""
    key_frames_only: bool = True
    """Of kind rtsp: decode nothing between key frames; false for zone events at a higher rate."""
    camera: int = 0
    """Of kind picamera2: the camera's number."""
    onvif_url: str = ""
    """Of a network camera's ONVIF device service, without credentials: what its mount, exposure
    and tamper detector say is heard beside its pictures. User and password are the camera's."""
    onvif_period_s: float = 10.0
    """Seconds between two rounds of ONVIF questions, 1 to 3600."""


_SIZE = frozenset({"width", "height"})
_LOGIN = frozenset({"username", "password_file"})
_ONVIF = frozenset({"onvif_url", "onvif_period_s", "ca_file"})
KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "files": (frozenset({"path"}), frozenset({"loop"})),
    "video": (frozenset({"path"}), frozenset()),
    "rtsp": (frozenset({"url"}), _LOGIN | _ONVIF | {"key_frames_only"}),
    "snapshot": (
        frozenset({"url"}),
        _LOGIN | _SIZE | _ONVIF | {"pixel_format", "period_s"},
    ),
    "v4l2": (frozenset({"path"}), _SIZE),
    "picamera2": (frozenset(), _SIZE | {"camera"}),
}
"""The keys each kind must have, and those it may have beside ``timeout_s``."""


def check(source: SourceSettings, where: str) -> None:
    """Refuse what cannot be meant.

    Raises:
        SetupError: naming the key and the cure.
    """

    def refuse(text: str) -> None:
        raise SetupError(Reason.SETTING, f"{where}: [source] {text}")

    if not 0 < source.timeout_s <= 300:
        refuse("timeout_s must be above 0 and at most 300")
    if source.kind not in KINDS:
        return  # the harness's own; app.py knows them or refuses
    needed, allowed = KINDS[source.kind]
    for part in fields(source):
        if part.name in ("kind", "timeout_s"):
            continue
        said = getattr(source, part.name) != part.default
        if part.name in needed and not said:
            refuse(f"kind {source.kind} needs the key {part.name}")
        if said and part.name not in needed | allowed:
            refuse(f"kind {source.kind} has no key {part.name}")
    if source.password_file and not source.username:
        refuse("password_file without username")
    if bool(source.width) != bool(source.height):
        refuse("width and height go together")
    for name in _SIZE:
        value = getattr(source, name)
        if value and (value % 2 or not 16 <= value <= 16384):
            refuse(f"{name} must be even, 16 to 16384, is {value}")
    if not 0.1 <= source.period_s <= 3600:
        refuse(f"period_s must be 0.1 to 3600, is {source.period_s:g}")
    if not 1 <= source.onvif_period_s <= 3600:
        refuse(f"onvif_period_s must be 1 to 3600, is {source.onvif_period_s:g}")
    if not 0 <= source.camera <= 15:
        refuse(f"camera must be 0 to 15, is {source.camera}")
