"""What an ONVIF device tells of its own accord: a pull point, and its messages.

ONVIF Core Specification, chapter 9: notifications by WS-BaseNotification, pulled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from viewkeeper.agent.adapters.sources import soap
from viewkeeper.agent.adapters.sources.http import Address
from viewkeeper.agent.adapters.sources.onvif_device import SCHEMA, OnvifDevice, echo, text_of
from viewkeeper.agent.ports import SourceError

EVENTS = "http://www.onvif.org/ver10/events/wsdl"
NOTIFY = "http://docs.oasis-open.org/wsn/b-2"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
_SUBSCRIPTION = "PT60S"
_LIMIT = 64
"""Messages at a time."""


@dataclass(frozen=True, slots=True)
class Message:
    """One notification.

    Attributes:
        topic: its parts without prefixes: vendors bind other ones to the same namespace.
        told: when, by the camera's clock; ``None`` where it does not say.
        operation: ``Initialized``, ``Changed``, ``Deleted``, or empty for a moment's event.
        source, data: simple items by name.
    """

    topic: tuple[str, ...]
    told: dt.datetime | None
    operation: str
    source: dict[str, str]
    data: dict[str, str]

    @property
    def flags(self) -> tuple[bool, ...]:
        """Every item of the data that is a yes or a no; an object's number is neither."""
        known = {"true": True, "1": True, "false": False, "0": False}
        return tuple(
            known[value.lower()]
            for name, value in self.data.items()
            if value.lower() in known and name != "ObjectId"
        )


@dataclass(slots=True)
class PullPoint:
    """A subscription, made when it is first needed and anew when it ran out."""

    device: OnvifDevice
    _point: Address | None = field(default=None, init=False)
    _header: str = field(default="", init=False)

    @property
    def subscribed(self) -> bool:
        """Whether there is one: a new one tells every standing state anew."""
        return self._point is not None

    def pull(self, wait_s: int) -> list[Message]:
        """What was told since the last time; waits so long at the camera where there is nothing.

        Raises:
            SourceError, NotSoapError: no answer; the next pull subscribes anew.
        """
        if self._point is None:
            self._subscribe()
        assert self._point is not None
        try:
            body = self.device.call(
                self._point,
                f'<PullMessages xmlns="{EVENTS}"><Timeout>PT{wait_s}S</Timeout>'
                f"<MessageLimit>{_LIMIT}</MessageLimit></PullMessages>",
                extra=self._header,
            )
        except (SourceError, soap.NotSoapError):
            self._point = None  # it ran out, or the camera was restarted
            raise
        return [
            message
            for holder in body.findall(f".//{{{NOTIFY}}}NotificationMessage")
            for message in _messages(holder)
        ]

    def close(self) -> None:
        """Give the subscription back; its end comes anyway."""
        point, self._point = self._point, None
        if point is None:
            return
        try:
            self.device.call(point, f'<Unsubscribe xmlns="{NOTIFY}"/>', extra=self._header)
        except (SourceError, soap.NotSoapError):
            return

    def _subscribe(self) -> None:
        body = self.device.call(
            self.device.services["events"],
            f'<CreatePullPointSubscription xmlns="{EVENTS}"><InitialTerminationTime>'
            f"{_SUBSCRIPTION}</InitialTerminationTime></CreatePullPointSubscription>",
        )
        reference = body.find(f".//{{{EVENTS}}}SubscriptionReference")
        if reference is None:
            raise soap.NotSoapError("a subscription without an address")
        self._point = self.device.here(text_of(reference, f"{{{ADDRESSING}}}Address"))
        # Some cameras tell subscriptions apart by a reference parameter, sent back as a header.
        parameters = reference.find(f"{{{ADDRESSING}}}ReferenceParameters")
        self._header = "".join(echo(each) for each in parameters or ())


def _messages(holder: Element) -> Iterator[Message]:
    """A holder's; it may carry several under one topic."""
    topic = text_of(holder, f"{{{NOTIFY}}}Topic").split("/")
    for told in holder.findall(f".//{{{SCHEMA}}}Message"):
        yield Message(
            tuple(part.rpartition(":")[2] for part in topic),
            _time(told.get("UtcTime", "")),
            told.get("PropertyOperation", ""),
            _items(told, "Source") | _items(told, "Key"),
            _items(told, "Data"),
        )


def _items(message: Element, part: str) -> dict[str, str]:
    return {
        item.get("Name", ""): item.get("Value", "")
        for item in message.findall(f"{{{SCHEMA}}}{part}/{{{SCHEMA}}}SimpleItem")
    }


def _time(text: str) -> dt.datetime | None:
    try:
        told = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=dt.UTC)
