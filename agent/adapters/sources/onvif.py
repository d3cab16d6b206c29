"""An ONVIF camera's word on itself: where its mount stands, its exposure, its tamper detector.

Corroboration only, beside the pictures of another source. Services used: Device (clock,
capabilities), Media (profiles), PTZ (GetStatus), Imaging (GetImagingSettings), Events (pull
point).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from viewkeeper.agent.adapters.sources import soap
from viewkeeper.agent.adapters.sources.onvif_device import (
    SCHEMA,
    OnvifDevice,
    number_of,
    text_of,
)
from viewkeeper.agent.adapters.sources.onvif_events import Message, PullPoint
from viewkeeper.agent.core.frame import PtzPosition, SensorState
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason

PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
TAMPER_TOPICS = frozenset({"GlobalSceneChange", "Tamper", "SignalLoss"})
"""In the last or next to last place of an event's topic; vendors differ in what stands before."""
_PULL_WAIT_S = 1


@dataclass(frozen=True, slots=True)
class OnvifState:
    """What the camera said at one moment; ``None`` where it has no such service."""

    ptz: PtzPosition | None = None
    tampered: bool | None = None
    exposure_us: float | None = None
    analogue_gain: float | None = None
    clock_error_s: float | None = None
    """The camera's clock minus this machine's."""
    without: tuple[str, ...] = ()
    """Services that it has not, or that do not answer."""

    def onto(self, sensor: SensorState) -> SensorState:
        """The sensor state with what the camera said filled in where nothing better stands."""
        return replace(
            sensor,
            ptz=sensor.ptz or self.ptz,
            tampered=self.tampered if sensor.tampered is None else sensor.tampered,
            exposure_us=sensor.exposure_us or self.exposure_us,
            analogue_gain=sensor.analogue_gain or self.analogue_gain,
        )


@dataclass(slots=True)
class OnvifCamera:
    """Asks one camera. Used by one thread."""

    device: OnvifDevice
    _points: PullPoint = field(init=False)
    _profile: str = field(default="", init=False)
    _video_source: str = field(default="", init=False)
    _alarms: dict[str, bool] = field(default_factory=dict[str, bool], init=False)
    _ready: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._points = PullPoint(self.device)

    def read(self) -> OnvifState:
        """Ask for everything it has.

        Raises:
            SourceError: the camera does not answer, or refuses.
            SetupError: the password file.
        """
        try:
            if not self._ready:
                self._points = PullPoint(self.device)
                self.device.introduce()
                self._take_profile(self.device.profiles)
            self._ready = True
            without: list[str] = []
            state = OnvifState(clock_error_s=self.device.offset.total_seconds())
            for name, ask in (
                ("ptz", self._ask_ptz),
                ("imaging", self._ask_imaging),
                ("events", self._ask_events),
            ):
                if name not in self.device.services:
                    without.append(name)
                    continue
                try:
                    state = ask(state)
                except (SourceError, soap.NotSoapError):
                    without.append(name)
            if len(without) == 3 and self.device.services.keys() & {"ptz", "imaging", "events"}:
                # Perhaps it was restarted: begin anew next time.
                raise SourceError(
                    Reason.SOURCE_LOST, f"onvif {self.device.url}: no service answers"
                )
            return replace(state, without=tuple(without))
        except soap.NotSoapError as error:
            self._ready = False
            raise SourceError(Reason.SOURCE_LOST, f"onvif {self.device.url}: {error}") from None
        except SourceError:
            self._ready = False
            raise

    def close(self) -> None:
        """Give the subscription back; its end comes anyway."""
        self._points.close()

    def _take_profile(self, profiles: list[Element]) -> None:
        """The first profile with a mount, or else the first."""
        self._profile = self._video_source = ""
        with_mount = [
            each for each in profiles if each.find(f"{{{SCHEMA}}}PTZConfiguration") is not None
        ]
        for profile in (with_mount or profiles)[:1]:
            self._profile = profile.get("token", "")
            self._video_source = text_of(
                profile, f"{{{SCHEMA}}}VideoSourceConfiguration/{{{SCHEMA}}}SourceToken"
            )
        if not with_mount:
            self.device.services.pop("ptz", None)
        if not self._video_source:
            self.device.services.pop("imaging", None)

    def _ask_ptz(self, state: OnvifState) -> OnvifState:
        token = escape(self._profile)
        body = self.device.call(
            self.device.services["ptz"],
            f'<GetStatus xmlns="{PTZ}"><ProfileToken>{token}</ProfileToken></GetStatus>',
        )
        pan_tilt = body.find(f".//{{{SCHEMA}}}Position/{{{SCHEMA}}}PanTilt")
        zoom = body.find(f".//{{{SCHEMA}}}Position/{{{SCHEMA}}}Zoom")
        if pan_tilt is None and zoom is None:
            raise soap.NotSoapError("a PTZ status without a position")
        moves = body.findall(f".//{{{SCHEMA}}}MoveStatus/*")
        position = PtzPosition(
            pan=_number(pan_tilt, "x"),
            tilt=_number(pan_tilt, "y"),
            zoom=_number(zoom, "x"),
            moving=any((each.text or "").strip() == "MOVING" for each in moves),
        )
        return replace(state, ptz=position)

    def _ask_imaging(self, state: OnvifState) -> OnvifState:
        token = escape(self._video_source)
        body = self.device.call(
            self.device.services["imaging"],
            f'<GetImagingSettings xmlns="{IMAGING}"><VideoSourceToken>{token}</VideoSourceToken>'
            "</GetImagingSettings>",
        )
        exposure = body.find(f".//{{{SCHEMA}}}Exposure")
        # In AUTO these fields are limits or leftovers; only MANUAL says what is in force.
        if exposure is None or text_of(exposure, f"{{{SCHEMA}}}Mode") != "MANUAL":
            return state
        gain_db = number_of(text_of(exposure, f"{{{SCHEMA}}}Gain"))
        return replace(
            state,
            exposure_us=number_of(text_of(exposure, f"{{{SCHEMA}}}ExposureTime")),
            analogue_gain=None
            if gain_db is None or not -60 <= gain_db <= 120
            else 10 ** (gain_db / 20),
        )

    def _ask_events(self, state: OnvifState) -> OnvifState:
        if not self._points.subscribed:
            self._alarms = {}
        for message in self._points.pull(_PULL_WAIT_S):
            self._hear(message)
        # A detector that never spoke proves nothing: it may not exist.
        return replace(state, tampered=any(self._alarms.values()) if self._alarms else None)

    def _hear(self, message: Message) -> None:
        if not TAMPER_TOPICS.isdisjoint(message.topic[-2:]):
            for set_off in message.flags:
                self._alarms["/".join(message.topic)] = set_off


def _number(element: Element | None, name: str) -> float:
    value = 0.0 if element is None else number_of(element.get(name, ""))
    if value is None:
        raise soap.NotSoapError("a PTZ position that is no number")
    return value
