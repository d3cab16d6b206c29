"""An ONVIF device as all who ask it need it: its clock, its services, its sign-in.

Whatever address the camera names, requests go to the configured host alone.
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
from viewkeeper.secret_file import optional_secret_text

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
SERVICES = ("Media", "PTZ", "Imaging", "Events", "Analytics")


@dataclass(slots=True)
class OnvifDevice:
    """Asks one device. Used by one thread.

    Attributes:
        url: of its device service, without credentials.
        timeout_s: for one request, from connecting to the last byte.
        utc: this machine's clock.
        services: its other services, by name in lower case; after `introduce`.
        profiles: its media profiles; after `introduce`.
        offset: its clock minus this machine's; after `introduce`.
    """

    url: str
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    timeout_s: float = 5.0
    utc: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    services: dict[str, Address] = field(default_factory=dict[str, Address], init=False)
    profiles: list[Element] = field(default_factory=list[Element], init=False)
    offset: dt.timedelta = field(default=dt.timedelta(), init=False)
    _client: HttpClient = field(init=False)
    _address: Address = field(init=False)

    def __post_init__(self) -> None:
        self._address = address(self.url, "[source] onvif")
        self._client = HttpClient(
            name=f"onvif {self.url}",
            timeout_s=self.timeout_s,
            username=self.username,
            password_file=self.password_file,
            ca_file=self.ca_file,
        )

    def introduce(self) -> None:
        """The camera's clock first: sign-in tokens are dated by it.

        Raises:
            SourceError, NotSoapError: as `call`.
        """
        asked = f'<GetSystemDateAndTime xmlns="{DEVICE}"/>'
        told = _date_and_time(self.call(self._address, asked, signed=False))
        self.offset = dt.timedelta() if told is None else told - self.utc()
        asked = f'<GetCapabilities xmlns="{DEVICE}"><Category>All</Category></GetCapabilities>'
        body = self.call(self._address, asked)
        self.services = {}
        for name in SERVICES:
            url = text_of(body, f".//{{{SCHEMA}}}{name}/{{{SCHEMA}}}XAddr")
            if url:
                self.services[name.lower()] = self.here(url)
        self.profiles = []
        if "media" in self.services:
            body = self.call(self.services["media"], f'<GetProfiles xmlns="{MEDIA}"/>')
            self.profiles = body.findall(f".//{{{MEDIA}}}Profiles")

    def call(self, where: Address, body: str, *, signed: bool = True, extra: str = "") -> Element:
        """The body of the answer to a request.

        Raises:
            SourceError: no answer in time, or a refusal.
            NotSoapError: the answer is none.
            SetupError: the password file.
        """
        header = extra
        if signed and self.username:
            login = soap.Login(self.username, optional_secret_text(self.password_file))
            header += soap.username_token(login, os.urandom(16), self.utc() + self.offset)
        answer = self._client.request(
            where,
            method="POST",
            body=soap.envelope(body, header),
            content_type=soap.CONTENT_TYPE,
            max_bytes=soap.MAX_BYTES,
        )
        return soap.body_of(answer)

    def here(self, url: str) -> Address:
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
        return replace(self._address, target=target)


def _date_and_time(body: Element) -> dt.datetime | None:
    told = body.find(f".//{{{SCHEMA}}}UTCDateTime")
    if told is None:
        return None
    parts = [
        number_of(text_of(told, f"{{{SCHEMA}}}{where}/{{{SCHEMA}}}{name}"))
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


def text_of(element: Element, path: str) -> str:
    """The text at a path, without blanks around it; empty where there is none."""
    found = element.find(path)
    return "" if found is None else (found.text or "").strip()


def number_of(text: str) -> float | None:
    """A number that a camera may mean; ``None`` for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def echo(element: Element) -> str:
    """A reference parameter as a header of ours: its name, attributes dropped, and its text."""
    namespace, _, local = element.tag.rpartition("}")
    return f"<{local} xmlns={quoteattr(namespace[1:])}>{escape(element.text or '')}</{local}>"
