"""An ONVIF camera's word on itself: where its mount stands, its exposure, its tamper detector.

Corroboration only, beside the pictures of another source. Services used: Device (clock,
capabilities), Media (profiles), PTZ (GetStatus), Imaging (GetImagingSettings), Events (pull
point). Whatever address the camera names, requests go to the configured host alone.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from viewkeeper.agent.adapters.sources import soap
from viewkeeper.agent.adapters.sources.http import Address, HttpClient, address
from viewkeeper.agent.core.frame import PtzPosition, SensorState
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason
from viewkeeper.secret_file import optional_secret_text

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
NOTIFY = "http://docs.oasis-open.org/wsn/b-2"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
TAMPER_TOPICS = ("GlobalSceneChange", "Tamper", "SignalLoss")
"""In the last or next to last place of an event's topic; vendors differ in what stands before."""
_SUBSCRIPTION = "PT60S"


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
    """Asks one camera. Used by one thread.

    Attributes:
        url: of its device service, without credentials.
        timeout_s: for one request, from connecting to the last byte.
        utc: this machine's clock.
    """

    url: str
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    timeout_s: float = 5.0
    utc: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    _client: HttpClient = field(init=False)
    _device: Address = field(init=False)
    _services: dict[str, Address] = field(default_factory=dict[str, Address], init=False)
    _profile: str = field(default="", init=False)
    _video_source: str = field(default="", init=False)
    _pull_point: Address | None = field(default=None, init=False)
    _pull_header: str = field(default="", init=False)
    _offset: dt.timedelta = field(default=dt.timedelta(), init=False)
    _alarms: dict[str, bool] = field(default_factory=dict[str, bool], init=False)
    _ready: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._device = address(self.url, "[source] onvif")
        self._client = HttpClient(
            name=f"onvif {self.url}",
            timeout_s=self.timeout_s,
            username=self.username,
            password_file=self.password_file,
            ca_file=self.ca_file,
        )

    def read(self) -> OnvifState:
        """Ask for everything it has.

        Raises:
            SourceError: the camera does not answer, or refuses.
            SetupError: the password file.
        """
        try:
            if not self._ready:
                self._introduce()
            self._ready = True
            without: list[str] = []
            state = OnvifState(clock_error_s=self._offset.total_seconds())
            for name, ask in (
                ("ptz", self._ask_ptz),
                ("imaging", self._ask_imaging),
                ("events", self._ask_events),
            ):
                if name not in self._services:
                    without.append(name)
                    continue
                try:
                    state = ask(state)
                except (SourceError, soap.NotSoapError):
                    without.append(name)
            if len(without) == 3 and self._services.keys() & {"ptz", "imaging", "events"}:
                self._ready = False  # perhaps it was restarted: begin anew next time
                raise SourceError(Reason.SOURCE_LOST, f"onvif {self.url}: no service answers")
            return replace(state, without=tuple(without))
        except soap.NotSoapError as error:
            self._ready = False
            raise SourceError(Reason.SOURCE_LOST, f"onvif {self.url}: {error}") from None
        except SourceError:
            self._ready = False
            raise

    def close(self) -> None:
        """Give the subscription back; its end comes anyway."""
        point, self._pull_point = self._pull_point, None
        if point is None:
            return
        try:
            self._call(point, f'<Unsubscribe xmlns="{NOTIFY}"/>', extra=self._pull_header)
        except (SourceError, soap.NotSoapError):
            return

    def _introduce(self) -> None:
        """The camera's clock first: sign-in tokens are dated by it."""
        asked = f'<GetSystemDateAndTime xmlns="{DEVICE}"/>'
        told = _date_and_time(self._call(self._device, asked, signed=False))
        self._offset = dt.timedelta() if told is None else told - self.utc()
        asked = f'<GetCapabilities xmlns="{DEVICE}"><Category>All</Category></GetCapabilities>'
        body = self._call(self._device, asked)
        self._services = {}
        for name in ("Media", "PTZ", "Imaging", "Events"):
            text = _text(body, f".//{{{SCHEMA}}}{name}/{{{SCHEMA}}}XAddr")
            if text:
                self._services[name.lower()] = self._here(text)
        self._profile = self._video_source = ""
        self._pull_point = None
        if "media" in self._services:
            self._take_profile(
                self._call(self._services["media"], f'<GetProfiles xmlns="{MEDIA}"/>')
            )

    def _take_profile(self, body: Element) -> None:
        """The first profile with a mount, or else the first."""
        profiles = body.findall(f".//{{{MEDIA}}}Profiles")
        with_mount = [
            each for each in profiles if each.find(f"{{{SCHEMA}}}PTZConfiguration") is not None
        ]
        for profile in (with_mount or profiles)[:1]:
            self._profile = profile.get("token", "")
            self._video_source = _text(
                profile, f"{{{SCHEMA}}}VideoSourceConfiguration/{{{SCHEMA}}}SourceToken"
            )
        if not with_mount:
            self._services.pop("ptz", None)
        if not self._video_source:
            self._services.pop("imaging", None)

    def _ask_ptz(self, state: OnvifState) -> OnvifState:
        token = escape(self._profile)
        body = self._call(
            self._services["ptz"],
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
        body = self._call(
            self._services["imaging"],
            f'<GetImagingSettings xmlns="{IMAGING}"><VideoSourceToken>{token}</VideoSourceToken>'
            "</GetImagingSettings>",
        )
        exposure = body.find(f".//{{{SCHEMA}}}Exposure")
        # In AUTO these fields are limits or leftovers; only MANUAL says what is in force.
        if exposure is None or _text(exposure, f"{{{SCHEMA}}}Mode") != "MANUAL":
            return state
        gain_db = _float(_text(exposure, f"{{{SCHEMA}}}Gain"))
        return replace(
            state,
            exposure_us=_float(_text(exposure, f"{{{SCHEMA}}}ExposureTime")),
            analogue_gain=None
            if gain_db is None or not -60 <= gain_db <= 120
            else 10 ** (gain_db / 20),
        )

    def _ask_events(self, state: OnvifState) -> OnvifState:
        if self._pull_point is None:
            self._subscribe()
        assert self._pull_point is not None
        try:
            body = self._call(
                self._pull_point,
                f'<PullMessages xmlns="{EVENTS}"><Timeout>PT1S</Timeout>'
                "<MessageLimit>64</MessageLimit></PullMessages>",
                extra=self._pull_header,
            )
        except (SourceError, soap.NotSoapError):
            self._pull_point = None  # it ran out, or the camera was restarted
            raise
        for message in body.findall(f".//{{{NOTIFY}}}NotificationMessage"):
            self._hear(message)
        # A detector that never spoke proves nothing: it may not exist.
        return replace(state, tampered=any(self._alarms.values()) if self._alarms else None)

    def _subscribe(self) -> None:
        body = self._call(
            self._services["events"],
            f'<CreatePullPointSubscription xmlns="{EVENTS}"><InitialTerminationTime>'
            f"{_SUBSCRIPTION}</InitialTerminationTime></CreatePullPointSubscription>",
        )
        reference = body.find(f".//{{{EVENTS}}}SubscriptionReference")
        if reference is None:
            raise soap.NotSoapError("a subscription without an address")
        self._pull_point = self._here(_text(reference, f"{{{ADDRESSING}}}Address"))
        # Some cameras tell subscriptions apart by a reference parameter, sent back as a header.
        parameters = reference.find(f"{{{ADDRESSING}}}ReferenceParameters")
        self._pull_header = "".join(_echo(each) for each in parameters or ())
        self._alarms = {}

    def _hear(self, message: Element) -> None:
        topic = _text(message, f"{{{NOTIFY}}}Topic").split("/")
        names = {part.rpartition(":")[2] for part in topic[-2:]}
        if names.isdisjoint(TAMPER_TOPICS):
            return
        for item in message.findall(f".//{{{SCHEMA}}}Data/{{{SCHEMA}}}SimpleItem"):
            value = item.get("Value", "").lower()
            if value in ("true", "false", "1", "0"):
                self._alarms["/".join(topic)] = value in ("true", "1")

    def _call(self, where: Address, body: str, *, signed: bool = True, extra: str = "") -> Element:
        header = extra
        if signed and self.username:
            password = optional_secret_text(self.password_file)
            login = soap.Login(self.username, password)
            header += soap.username_token(login, os.urandom(16), self.utc() + self._offset)
        answer = self._client.request(
            where,
            method="POST",
            body=soap.envelope(body, header),
            content_type=soap.CONTENT_TYPE,
            max_bytes=soap.MAX_BYTES,
        )
        return soap.body_of(answer)

    def _here(self, url: str) -> Address:
        """A service's path at the configured host: a camera behind a router names another one,
        a malicious one would send us, and what we sign, anywhere."""
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            raise soap.NotSoapError("a service address that is none") from None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not parts.scheme.startswith("http") or any(
            ord(letter) <= 32 or ord(letter) > 126 for letter in target
        ):
            raise soap.NotSoapError("a service address that is none")
        return replace(self._device, target=target)


def _date_and_time(body: Element) -> dt.datetime | None:
    told = body.find(f".//{{{SCHEMA}}}UTCDateTime")
    if told is None:
        return None
    parts = [
        _float(_text(told, f"{{{SCHEMA}}}{where}/{{{SCHEMA}}}{name}"))
        for where, names in (
            ("Date", ("Year", "Month", "Day")),
            ("Time", ("Hour", "Minute", "Second")),
        )
        for name in names
    ]
    try:
        return dt.datetime(*(int(part) for part in parts if part is not None), tzinfo=dt.UTC)
    except (TypeError, ValueError, OverflowError):
        raise soap.NotSoapError("a clock that shows no time") from None


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else (found.text or "").strip()


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def _number(element: Element | None, name: str) -> float:
    value = 0.0 if element is None else _float(element.get(name, ""))
    if value is None:
        raise soap.NotSoapError("a PTZ position that is no number")
    return value


def _echo(element: Element) -> str:
    """A reference parameter as a header of ours: its name, attributes dropped, and its text."""
    namespace, _, local = element.tag.rpartition("}")
    return f"<{local} xmlns={quoteattr(namespace[1:])}>{escape(element.text or '')}</{local}>"
