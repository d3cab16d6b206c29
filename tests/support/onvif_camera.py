"""A real ONVIF camera for the tests: SOAP over HTTP, WS-Security, able to misbehave."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "watch", "p@ss<w>ord"
T = "http://www.onvif.org/ver10/schema"
_FAULT = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
    '<s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>'
)


class OnvifCamera:
    """Answers at every path by the request's first element. Use it as a context manager.

    Attributes:
        pan, tilt, zoom, moving: of its mount.
        tampered: its tamper detector; ``None``: it has none.
        clock_error: of its clock; a token dated otherwise is refused.
        services: which it says it has.
        rules: of its analytics: types by name.
        standing: notifications that each new subscription is told first.
        host: that it names in its addresses.
        replaced: whole answers by operation, instead of the right one.
        status: of every answer.
        heard: operations in order; ``passwords`` whether any came in the clear.
    """

    def __init__(self) -> None:
        self.pan, self.tilt, self.zoom, self.moving = 0.25, -0.125, 0.5, False
        self.tampered: bool | None = False
        self.clock_error = dt.timedelta()
        self.services = ["Media", "PTZ", "Imaging", "Events", "Analytics"]
        self.rules: dict[str, str] = {}
        self.standing: list[str] = []
        self._waiting: dict[str, list[str]] = {}
        self.exposure_mode = "MANUAL"
        self.host = ""
        self.replaced: dict[str, bytes] = {}
        self.heard: list[str] = []
        self.refused = 0
        self.nonces: set[str] = set()
        self.in_the_clear = False
        self._one_at_a_time = threading.Lock()
        self._subscription = ""
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = camera.answer(request)
                self.send_response(status)
                self.send_header("Content-Type", "application/soap+xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/onvif/device_service"

    def answer(self, request: str) -> tuple[int, bytes]:
        with self._one_at_a_time:
            return self._answer(request)

    def _answer(self, request: str) -> tuple[int, bytes]:
        operation = re.search(r"<s:Body><(\w+)", request)
        assert operation is not None, request
        name = operation.group(1)
        self.heard.append(name)
        self.in_the_clear |= PASSWORD in request or "p@ss&lt;w&gt;ord" in request
        if name in self.replaced:
            return 200, self.replaced[name]
        which = re.search(r"<Id [^>]*>(\d+)&amp;8</Id>", request)
        self._subscription = "" if which is None else which.group(1)
        if name != "GetSystemDateAndTime" and not self.signed_in(request):
            self.refused += 1
            return 400, whole(_FAULT)
        return 200, whole(getattr(self, f"_{name}")())

    def tell(self, *events: str) -> None:
        """Notifications, as `rule_event` makes them, for every subscription there is."""
        for waiting in self._waiting.values():
            waiting += events

    def forget(self) -> None:
        """Every subscription has run out."""
        self._waiting.clear()

    def signed_in(self, request: str) -> bool:
        """As the profile asks: the digest, a nonce never used, a date near the camera's own."""
        found = {
            key: re.search(rf"<{key}[^>]*>([^<]*)</{key}>", request)
            for key in ("Username", "Password", "Nonce", "Created")
        }
        if not all(found.values()):
            return False
        told = {key: match.group(1) for key, match in found.items() if match}
        created = dt.datetime.strptime(told["Created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
        fresh = abs(created - self.now()) < dt.timedelta(seconds=60)
        digest = hashlib.sha1(
            base64.b64decode(told["Nonce"]) + told["Created"].encode() + PASSWORD.encode()
        ).digest()
        new = told["Nonce"] not in self.nonces
        self.nonces.add(told["Nonce"])
        right = told["Password"] == base64.b64encode(digest).decode()
        return right and fresh and new and told["Username"] == USER

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.clock_error

    def _at(self, path: str) -> str:
        return f"http://{self.host or f'127.0.0.1:{self.port}'}/{path}"

    def _GetSystemDateAndTime(self) -> str:  # noqa: N802 - ONVIF's word
        now = self.now()
        return (
            '<GetSystemDateAndTimeResponse xmlns="http://www.onvif.org/ver10/device/wsdl">'
            f'<SystemDateAndTime><t:UTCDateTime xmlns:t="{T}"><t:Time><t:Hour>{now.hour}</t:Hour>'
            f"<t:Minute>{now.minute}</t:Minute><t:Second>{now.second}</t:Second></t:Time><t:Date>"
            f"<t:Year>{now.year}</t:Year><t:Month>{now.month}</t:Month><t:Day>{now.day}</t:Day>"
            "</t:Date></t:UTCDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse>"
        )

    def _GetCapabilities(self) -> str:  # noqa: N802
        parts = "".join(
            f"<t:{name}><t:XAddr>{self._at('onvif/' + name.lower())}</t:XAddr></t:{name}>"
            for name in self.services
        )
        return (
            '<GetCapabilitiesResponse xmlns="http://www.onvif.org/ver10/device/wsdl">'
            f'<Capabilities xmlns:t="{T}">{parts}</Capabilities></GetCapabilitiesResponse>'
        )

    def _GetProfiles(self) -> str:  # noqa: N802
        return (
            '<m:GetProfilesResponse xmlns:m="http://www.onvif.org/ver10/media/wsdl" '
            f'xmlns:t="{T}"><m:Profiles token="fixed"><t:Name>n</t:Name></m:Profiles>'
            '<m:Profiles token="dome"><t:VideoSourceConfiguration token="v">'
            "<t:SourceToken>source-1</t:SourceToken></t:VideoSourceConfiguration>"
            '<t:VideoAnalyticsConfiguration token="analytics&lt;1&gt;"/>'
            '<t:PTZConfiguration token="p"/></m:Profiles></m:GetProfilesResponse>'
        )

    def _GetStatus(self) -> str:  # noqa: N802
        moving = "MOVING" if self.moving else "IDLE"
        return (
            '<p:GetStatusResponse xmlns:p="http://www.onvif.org/ver20/ptz/wsdl" '
            f'xmlns:t="{T}"><p:PTZStatus><t:Position><t:PanTilt x="{self.pan}" y="{self.tilt}"/>'
            f'<t:Zoom x="{self.zoom}"/></t:Position><t:MoveStatus><t:PanTilt>{moving}</t:PanTilt>'
            "<t:Zoom>IDLE</t:Zoom></t:MoveStatus></p:PTZStatus></p:GetStatusResponse>"
        )

    def _GetImagingSettings(self) -> str:  # noqa: N802
        return (
            '<i:GetImagingSettingsResponse xmlns:i="http://www.onvif.org/ver20/imaging/wsdl" '
            f'xmlns:t="{T}"><i:ImagingSettings><t:Exposure><t:Mode>{self.exposure_mode}</t:Mode>'
            "<t:ExposureTime>20000</t:ExposureTime><t:Gain>20</t:Gain></t:Exposure>"
            "</i:ImagingSettings></i:GetImagingSettingsResponse>"
        )

    def _GetRules(self) -> str:  # noqa: N802
        rules = "".join(
            f'<n:Rule Name="{name}" Type="tt:{rule}"/>' for name, rule in self.rules.items()
        )
        return (
            '<n:GetRulesResponse xmlns:n="http://www.onvif.org/ver20/analytics/wsdl">'
            f"{rules}</n:GetRulesResponse>"
        )

    def _CreatePullPointSubscription(self) -> str:  # noqa: N802
        number = str(self.heard.count("CreatePullPointSubscription") + 6)
        self._waiting[number] = list(self.standing)
        return (
            '<e:CreatePullPointSubscriptionResponse xmlns:e="http://www.onvif.org/ver10/events/wsdl">'
            '<e:SubscriptionReference xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>'
            f"{self._at('onvif/pull?id=7')}</a:Address><a:ReferenceParameters>"
            '<Id xmlns="http://maker.example/">'
            f"{number}&amp;8</Id></a:ReferenceParameters>"
            "</e:SubscriptionReference></e:CreatePullPointSubscriptionResponse>"
        )

    def _PullMessages(self) -> str:  # noqa: N802
        said = ""
        if self.tampered is not None:
            said = (
                "<n:NotificationMessage><n:Topic>tns1:VideoSource/GlobalSceneChange/ImagingService"
                '</n:Topic><n:Message><t:Message PropertyOperation="Initialized"><t:Data>'
                f'<t:SimpleItem Name="State" Value="{str(self.tampered).lower()}"/></t:Data>'
                "</t:Message></n:Message></n:NotificationMessage>"
            )
        if self._subscription not in self._waiting:
            return _FAULT
        waiting = self._waiting[self._subscription]
        said += "".join(waiting)
        waiting.clear()
        return (
            '<e:PullMessagesResponse xmlns:e="http://www.onvif.org/ver10/events/wsdl" '
            f'xmlns:n="http://docs.oasis-open.org/wsn/b-2" xmlns:t="{T}">{said}'
            "<n:NotificationMessage><n:Topic>tns1:Device/Trigger/DigitalInput</n:Topic><n:Message>"
            '<t:Message><t:Data><t:SimpleItem Name="LogicalState" Value="true"/></t:Data>'
            "</t:Message></n:Message></n:NotificationMessage></e:PullMessagesResponse>"
        )

    def _Unsubscribe(self) -> str:  # noqa: N802
        return '<UnsubscribeResponse xmlns="http://docs.oasis-open.org/wsn/b-2"/>'

    def __enter__(self) -> OnvifCamera:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def rule_event(
    topic: str,
    rule: str,
    data: str = "",
    *,
    operation: str = "Changed",
    at: dt.datetime | None = None,
) -> str:
    """A notification of a camera's rule, as ONVIF's Analytics Service Specification has it.

    Args:
        topic: ``LineDetector/Crossed`` and the like.
        data: a simple item, ``IsInside=true``.
    """
    name, _, value = data.partition("=")
    item = f'<t:SimpleItem Name="{name}" Value="{value}"/>' if data else ""
    stamp = (at or dt.datetime.now(dt.UTC)).isoformat().replace("+00:00", "Z")
    return (
        f"<n:NotificationMessage><n:Topic>tns1:RuleEngine/{topic}</n:Topic><n:Message>"
        f'<t:Message UtcTime="{stamp}" PropertyOperation="{operation}"><t:Source>'
        '<t:SimpleItem Name="VideoSourceConfigurationToken" Value="v"/>'
        f'<t:SimpleItem Name="Rule" Value="{rule}"/></t:Source>'
        '<t:Key><t:SimpleItem Name="ObjectId" Value="15"/></t:Key>'
        f"<t:Data>{item}</t:Data></t:Message></n:Message></n:NotificationMessage>"
    )


def whole(body: str) -> bytes:
    """An envelope around an answer."""
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
