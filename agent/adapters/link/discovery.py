"""Home Assistant discovery: how the camera introduces itself. Pure: settings in, messages out.

Two forms say the same: one message an entity (every version of Home Assistant reads it), or one
message for the whole device (2024.11 and newer). What an older one does not know, such as the
options of a sensor (2024.10), it drops; everything else is there since 2024.3.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import Enum, unique
from typing import Any

from viewkeeper.agent.adapters.link.entities import ENTITIES
from viewkeeper.protocol.topics import OFFLINE, ONLINE, Topics


@unique
class DiscoveryForm(Enum):
    """How the introduction is packed."""

    COMPONENT = "component"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the camera says of itself to Home Assistant.

    Attributes:
        prefix: Home Assistant's discovery prefix.
        form: how it is packed.
        expire_s: a state older than this is not known any more; 0: never. A hung agent behind a
            living connection is so noticed.
        version: of the agent.
    """

    prefix: str = "homeassistant"
    form: DiscoveryForm = DiscoveryForm.COMPONENT
    expire_s: int = 900
    version: str = ""

    @property
    def renew_s(self) -> float:
        """How long a state that shows nothing new may be held back; inf: as long as one likes."""
        return self.expire_s / 3 or math.inf

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says ``online`` when it has started."""
        return f"{self.prefix}/status"

    def messages(self, topics: Topics) -> dict[str, bytes]:
        """Topic to payload, to be published retained; an empty payload there removes it."""
        node = f"{topics.site}_{topics.camera}"
        if self.form is DiscoveryForm.COMPONENT:
            shared = {**self._shared(topics), "device": self._device(topics, node)}
            return {
                f"{self.prefix}/{entity.platform}/{node}/{entity.key}/config": _json(
                    {**entity.payload(node, self.expire_s), **shared}
                )
                for entity in ENTITIES
            }
        components = {
            entity.key: {"platform": entity.platform, **entity.payload(node, self.expire_s)}
            for entity in ENTITIES
        }
        device = self._device(topics, node)
        whole = {**self._shared(topics), "device": device, "components": components}
        return {f"{self.prefix}/device/{node}/config": _json(whole)}

    def _shared(self, topics: Topics) -> dict[str, Any]:
        return {
            "state_topic": topics.state,
            "availability_topic": topics.status,
            "payload_available": ONLINE.decode("ascii"),
            "payload_not_available": OFFLINE.decode("ascii"),
            "origin": self._versioned({"name": "Viewkeeper"}),
        }

    def _device(self, topics: Topics, node: str) -> dict[str, Any]:
        return self._versioned(
            {
                "identifiers": [f"viewkeeper_{node}"],
                "name": f"Camera {topics.camera}",
                "manufacturer": "Viewkeeper",
                "model": "Fixed public-safety camera",
                "suggested_area": topics.site,
            }
        )

    def _versioned(self, about: dict[str, Any]) -> dict[str, Any]:
        return {**about, "sw_version": self.version} if self.version else about


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
