"""Where each message travels: ``viewkeeper/v1/{site}/{camera}/…``.

| topic | retained, QoS | payload |
|---|---|---|
| status | yes, 1; also the will | ``online`` / ``offline``, plain text |
| report | yes, 1 | signed record: report |
| event/{kind} | no, 1 | signed record: event |
| alarm/{kind} | yes, 1; its signed end is not retained, then empty clears | signed record: alarm |
| checkpoint → witness | yes, 1 | signed checkpoint of the ledger → countersignature |
| receipt | no, 1 | the recorder's word on what it keeps (receipts.py) |
| access | no, 1 | signed record: an entry of the access register |
| config/desired → config/applied | yes, 1 | signed order → signed record: verdict |
| keyset, lifecycle, grant, command/{name} → reply | no, 1 | signed order → signed record: verdict |
| history | no, 1 | signed records queued while offline, in order |
| update/offer, update/piece → update/want | no, 1 | signed program in pieces → what is missing |
| update/progress | yes, 1 | signed record: how far a program got |
| state | yes, 1 | plain JSON mirror for other dashboards |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.vocabulary import OrderKind

ROOT = "viewkeeper/v1"
ID_PATTERN = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
ONLINE, OFFLINE = b"online", b"offline"
WILL_DELAY_S = 30


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one camera.

    Raises:
        SetupError: an id that is not lower case letters, digits and inner hyphens.
    """

    site: str
    camera: str

    def __post_init__(self) -> None:
        for name, value in (("site", self.site), ("camera", self.camera)):
            if re.fullmatch(ID_PATTERN, value) is None:
                raise SetupError(
                    Reason.SETTING,
                    f"{name} id {value!r}: use 1 to 32 of a-z, 0-9 and inner hyphens",
                )

    def _at(self, rest: str) -> str:
        return f"{ROOT}/{self.site}/{self.camera}/{rest}"

    @property
    def status(self) -> str:
        return self._at("status")

    @property
    def report(self) -> str:
        return self._at("report")

    @property
    def checkpoint(self) -> str:
        return self._at("checkpoint")

    @property
    def witness(self) -> str:
        """Where the recorder's countersignature comes back; the camera subscribes."""
        return self._at("witness")

    @property
    def receipt(self) -> str:
        """Where the recorder says what it keeps; the camera subscribes."""
        return self._at("receipt")

    @property
    def access(self) -> str:
        return self._at("access")

    @property
    def config_desired(self) -> str:
        return self._at("config/desired")

    @property
    def config_applied(self) -> str:
        return self._at("config/applied")

    @property
    def keyset(self) -> str:
        return self._at("keyset")

    @property
    def lifecycle(self) -> str:
        return self._at("lifecycle")

    @property
    def grant(self) -> str:
        return self._at("grant")

    @property
    def reply(self) -> str:
        return self._at("reply")

    @property
    def history(self) -> str:
        return self._at("history")

    @property
    def update_offer(self) -> str:
        return self._at("update/offer")

    @property
    def update_piece(self) -> str:
        return self._at("update/piece")

    @property
    def update_want(self) -> str:
        return self._at("update/want")

    @property
    def update_progress(self) -> str:
        return self._at("update/progress")

    @property
    def state(self) -> str:
        return self._at("state")

    def order(self, kind: OrderKind, command: str = "+") -> str:
        """Where an order of a kind goes; a command names itself, ``+`` stands for all."""
        if kind is OrderKind.COMMAND:
            return self.command(command)
        return {
            OrderKind.CONFIG: self.config_desired,
            OrderKind.KEYSET: self.keyset,
            OrderKind.LIFECYCLE: self.lifecycle,
            OrderKind.GRANT: self.grant,
        }[kind]

    def event(self, kind: str) -> str:
        return self._at(f"event/{kind}")

    def alarm(self, alarm_id: str) -> str:
        return self._at(f"alarm/{alarm_id}")

    def command(self, name: str) -> str:
        return self._at(f"command/{name}")

    @property
    def orders(self) -> tuple[str, ...]:
        """What a camera subscribes to: its orders and nothing else."""
        return (
            self.config_desired,
            self.keyset,
            self.lifecycle,
            self.grant,
            self.command("+"),
        )


@dataclass(frozen=True, slots=True)
class Address:
    """A received topic taken apart."""

    site: str
    camera: str
    rest: str


def parse_topic(topic: str) -> Address | None:
    """Take a topic apart; ``None`` where it is not one of ours."""
    match = re.fullmatch(f"{ROOT}/({ID_PATTERN})/({ID_PATTERN})/(.+)", topic)
    if match is None:
        return None
    return Address(match.group(1), match.group(3), match.group(5))
