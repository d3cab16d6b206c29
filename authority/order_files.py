"""Orders as files hold them: drafts nobody has signed yet, and signed ones."""

from __future__ import annotations

from pathlib import Path

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.orders import DOMAINS, MAX_ORDER_MESSAGE_BYTES, Order


def read_draft(path: Path) -> tuple[bytes, Order]:
    """An order that nobody has signed yet, as a file holds it."""
    try:
        payload = path.read_bytes()
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    return payload, _order_in(payload, path)


def read_order(path: Path) -> tuple[bytes, Order]:
    """A signed order, its signatures not verified: that is for the camera it goes to."""
    try:
        message = path.read_bytes()
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    try:
        payload = cose.unverified_payload(message, max_bytes=MAX_ORDER_MESSAGE_BYTES)
    except RefusalError as error:
        raise SetupError(error.reason, f"{path} is no signed order: {error.hint}") from error
    return message, _order_in(payload, path)


def _order_in(payload: bytes, path: Path) -> Order:
    for kind in DOMAINS:
        try:
            return Order.decode(payload, kind)
        except RefusalError as error:
            if error.reason is not Reason.WRONG_KIND:
                raise SetupError(error.reason, f"{path}: {error.hint}") from error
    raise SetupError(Reason.WRONG_KIND, f"{path} is no order")
