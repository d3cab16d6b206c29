"""The next order to a camera, as its register entry and keyset give it."""

from __future__ import annotations

from viewkeeper.authority.register import Camera
from viewkeeper.protocol.orders import (
    CHAINED,
    Keyset,
    Order,
    OrderBody,
    OrderHeader,
    keyset_hash,
    kind_of,
)

ORDER_LIFE_S = 30 * 86_400
BACKDATE_S = 300
"""Cameras' clocks may be behind ours: orders are valid from five minutes ago."""


def next_order(
    camera: Camera, keyset: Keyset, body: OrderBody, *, now_s: int, life_s: int = ORDER_LIFE_S
) -> Order:
    """The order that may follow the last one issued to a camera.

    Args:
        camera: its entry in the register.
        keyset: the one it holds.
        body: what is ordered.
        now_s: time of issue, Unix seconds.
        life_s: how long the order may be obeyed.
    """
    row = camera.row(kind_of(body))
    if isinstance(body, Keyset):
        sequence, previous = body.version, keyset_hash(keyset)
    else:
        sequence = row.issued + 1
        previous = bytes.fromhex(row.head) if row.head and kind_of(body) in CHAINED else None
    header = OrderHeader(
        audience=camera.camera,
        epoch=keyset.epoch,
        sequence=sequence,
        issued_at=now_s,
        not_before=now_s - BACKDATE_S,
        expires_at=now_s + life_s,
        previous=previous,
    )
    return Order(header, body)
