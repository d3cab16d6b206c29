"""The agent's local settings: how to reach the camera and the broker, where to store.

Nothing here may change what the camera is for: that is the signed configuration's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from viewkeeper.agent.core.signage.daylight import LampDuty
from viewkeeper.agent.key_settings import KeySettings
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.protocol.topics import Topics


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """Which camera this is."""

    site: str
    id: str
    hfov_deg: float = 0.0
    """Horizontal field of view, degrees, 5 to 140; 0: not known, and no view can be registered
    until it was measured."""
    k1: float = 0.0
    k2: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSettings:
    """How the view check works on this camera; how far it may be off is signed, not set here."""

    learn_references: bool = True
    """Learn beside the registered view how it looks at night, in infrared, in another season."""
    lesson_minutes: float = 8.0
    """How long a lesson lasts at least, 0.05 to 120: what passes within that time drops out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccelerometerSettings:
    """An accelerometer fixed to the camera: it feels a tilt that the picture does not show."""

    path: str = ""
    """Of the kernel's device, /sys/bus/iio/devices/iio:device0; empty: there is none."""
    axes: str = "x,y,z"
    """Which of its axes point right, down and forward in the camera, like -y,x,z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """A board of sensors beside the camera, on a serial line."""

    port: str = ""
    """/dev/serial0; empty: there is none."""
    id: str = ""
    """Under which the board is enrolled."""
    key: str = ""
    """Its public key, 64 hexadecimal digits; what only this key signs is believed."""
    baud: int = 115_200
    silent_s: float = 60.0
    """How long without a reading is silence, 5 to 3600."""
    forward: bool = True
    """Whether the board reaches the broker of [broker] through this camera."""
    cert_file: str = ""
    """Of the board, for the broker, where [broker] has a ca_file."""
    key_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignageSettings:
    """How the sign is sensed."""

    driver: str = "none"
    """``none``, or one of those that app.py knows; ``board``: what [board] senses."""
    path: str = ""
    lit_from_ma: float = 150.0
    off_below_ma: float = 20.0
    short_above_ma: float = 1500.0
    lit_from_light: float = 0.25
    """Of the photodiode's full scale, 0..1."""
    lit: str = "always"
    """When a sign that must be lit must burn: ``always``, or once it is ``dark``, as behind a
    photocell."""
    place: str = ""
    """Latitude and longitude in degrees, north and east positive, 31.82,117.23: of the sun that
    tells the dark where the camera meters no light."""
    lamp_pin: str = ""
    """As gpiozero names it, GPIO17; empty: the lamp is switched by somebody else."""
    presence_pin: str = ""
    """Closed to ground while the board hangs on its pole; empty: not sensed."""
    i2c_bus: int = -1
    """Of the INA219 current sense; -1: there is none."""
    ina219_address: int = 0x40
    shunt_ohm: float = 0.1
    light_channel: int = -1
    """Of an MCP3008 converter with a photodiode on it; -1: there is none."""
    panel: str = ""
    """Of a display, in the words of luma: --display ssd1306 --interface spi …; of e-paper:
    waveshare epd2in13_V4, or inky."""
    font: str = ""
    """With Chinese characters; empty: the first one found."""
    notice_url: str = ""
    """Behind the display's QR code."""

    @property
    def lamp_duty(self) -> LampDuty:
        """When the lamp must burn.

        Raises:
            ValueError: ``lit`` or ``place`` is none.
        """
        if self.lit not in ("always", "dark"):
            raise ValueError(f"lit must be always or dark, is {self.lit!r}")
        if not self.place:
            return LampDuty(self.lit == "always")
        latitude, longitude = (float(part) for part in self.place.split(","))
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            raise ValueError("place is no latitude and longitude")
        return LampDuty(self.lit == "always", (latitude, longitude))


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSettings:
    """Another program's detections, in place of the camera's own foreground."""

    kind: str = "none"
    """``none``, ``frigate``, ``onvif``, ``onvif_rules``, ``imx500`` or ``hailo``."""
    path: str = ""
    """Of a pipe that carries ONVIF metadata, where the stream of [source] does not; or of the
    network for the IMX500 or the Hailo."""
    camera: str = ""
    """As Frigate calls this camera."""
    labels: str = "person"
    """Which of its labels count, with commas between."""
    least_score: float = 0.5
    host: str = ""
    """Of its broker."""
    port: int = 1883
    username: str = ""
    password_file: str = ""
    topic: str = "frigate/events"
    width: int = 0
    height: int = 0
    """Of the pictures it detects in, where its boxes are in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where reports go."""

    host: str
    port: int = 1883
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    keepalive_s: int = 90
    reconnect_first_s: float = 1.0
    reconnect_most_s: float = 300.0
    reconnect_spread_s: float = 0.0
    """Over how long the fleet comes back after a power cut; 0: a site small enough for at once."""
    will_delay_s: int = 30
    receipt_days: int = 7
    """How long a record waits for a recorder's word that it has it; 0: no recorder here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantSettings:
    """Whether and how the camera introduces itself to a Home Assistant on the same broker."""

    discovery: str = "off"
    """``off``, ``component`` (every version) or ``device`` (2024.11 and newer)."""
    prefix: str = "homeassistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Where the agent keeps its key, state, ledger and registered views."""

    dir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """What the wall clock rests on."""

    assume_synchronised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One agent's settings file."""

    camera: CameraSettings
    source: SourceSettings
    broker: BrokerSettings
    storage: StorageSettings
    signage: SignageSettings = field(default_factory=SignageSettings)
    clock: ClockSettings = field(default_factory=ClockSettings)
    key: KeySettings = field(default_factory=KeySettings)
    detections: DetectionSettings = field(default_factory=DetectionSettings)
    homeassistant: HomeAssistantSettings = field(default_factory=HomeAssistantSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    accelerometer: AccelerometerSettings = field(default_factory=AccelerometerSettings)
    board: BoardSettings = field(default_factory=BoardSettings)

    @property
    def topics(self) -> Topics:
        return Topics(self.camera.site, self.camera.id)
