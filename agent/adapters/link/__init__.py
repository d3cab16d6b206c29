"""The link: everything that knows MQTT. What travels is bytes; nothing here verifies them."""

from viewkeeper.agent.adapters.link.discovery import DiscoveryForm, Introduction
from viewkeeper.agent.adapters.link.link import Link
from viewkeeper.agent.adapters.link.messages import LinkCounts, Lost, ReceivedOrder, ReplyTo
from viewkeeper.agent.adapters.link.settings import LinkSettings, TlsSettings

__all__ = [
    "DiscoveryForm",
    "Introduction",
    "Link",
    "LinkCounts",
    "LinkSettings",
    "Lost",
    "ReceivedOrder",
    "ReplyTo",
    "TlsSettings",
]
