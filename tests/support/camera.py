"""A camera's mind without a camera: state in, message in, ruling out."""

from __future__ import annotations

from collections.abc import Iterable

from viewkeeper.agent.core.device_state import DeviceState, Ruling, adjudicate
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol.orders import Keyset
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind

NOW_S = w.START_S + 7200
ENTROPY = bytes(range(16))


class Camera:
    """Keeps what is accepted, as the desk on a camera does."""

    def __init__(self, keyset: Keyset | None = None, views: Iterable[bytes] = (w.VIEW,)) -> None:
        self.state = DeviceState.enrolled(w.enrolment(keyset))
        self.views = frozenset(views)
        self.entropy = ENTROPY

    def receive(
        self,
        message: bytes,
        kind: OrderKind = OrderKind.CONFIG,
        *,
        retained: bool = False,
        utc_s: int = NOW_S,
        trusted: bool = True,
    ) -> Ruling:
        before = self.state
        ruling = adjudicate(
            before,
            message,
            kind,
            retained=retained,
            now=Now(utc_s, trusted),
            known_views=self.views,
            entropy=self.entropy,
        )
        if ruling.next_state is not None:
            assert ruling.accepted
            # What is kept is always read back as it was.
            assert DeviceState.from_bytes(ruling.next_state.to_bytes()) == ruling.next_state
            self.state = ruling.next_state
        else:
            assert self.state is before
        return ruling

    def obeys(self, message: bytes, kind: OrderKind = OrderKind.CONFIG, **how: object) -> Ruling:
        ruling = self.receive(message, kind, **how)  # type: ignore[arg-type]
        assert ruling.accepted, f"{ruling.reason}: {ruling.detail}"
        return ruling

    def head(self, kind: OrderKind = OrderKind.CONFIG) -> bytes | None:
        return self.state.trust.row(kind).payload_hash
