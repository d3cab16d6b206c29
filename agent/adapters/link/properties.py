"""The properties of MQTT 5 that travel with what we send."""

from __future__ import annotations

import copy
from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from viewkeeper.agent.adapters.link.messages import Outgoing
from viewkeeper.agent.adapters.link.settings import LinkSettings

MAX_PACKET_BYTES = 65_536
_BLANK = {
    packet: Properties(packet)
    for packet in (PacketTypes.CONNECT, PacketTypes.PUBLISH, PacketTypes.WILLMESSAGE)
}


def of_connect(settings: LinkSettings) -> Properties:
    """How long the broker keeps our session, and what we take."""
    properties = _blank(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = settings.session_expiry_s
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties


def of_will(settings: LinkSettings) -> Properties:
    """How long the broker waits before it says ``offline`` for us."""
    properties = _blank(PacketTypes.WILLMESSAGE)
    properties.ContentType = "text/plain"
    properties.WillDelayInterval = settings.will_delay_s
    return properties


def of_publication(message: Outgoing) -> Properties:
    """What it is, how long it holds, and whose question it answers."""
    properties = _blank(PacketTypes.PUBLISH)
    if message.content_type is not None:
        properties.ContentType = message.content_type
    if message.expiry_s:
        properties.MessageExpiryInterval = message.expiry_s
    if message.correlation_data is not None:
        properties.CorrelationData = message.correlation_data
    if message.is_text:
        properties.PayloadFormatIndicator = 1
    return properties


def _blank(packet: int) -> Any:
    # paho builds its whole table anew for each set of properties; nobody changes it, so copies do.
    return copy.copy(_BLANK[packet])
