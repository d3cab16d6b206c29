"""What ends every drafting: kept for others to sign, or asked, signed and put on file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from viewkeeper.authority.asking import confirmed, opening
from viewkeeper.authority.desk import Desk
from viewkeeper.authority.keys import write_new
from viewkeeper.authority.register import write_atomically
from viewkeeper.protocol.orders import Order


def draft_or_sign(
    desk: Desk,
    order: Order,
    names: Sequence[str],
    arguments: argparse.Namespace,
    out: Path | None = None,
) -> bool | None:
    """Write an order that was shown to ``--draft``, or sign it where the person agrees.

    Args:
        names: the keys that sign.
        arguments: ``draft``, ``yes`` and what opens keys.
        out: where a copy of the signed message goes.

    Returns:
        Whether it was signed; ``None`` for a draft.
    """
    if arguments.draft is not None:
        write_new(arguments.draft, order.encode())
        print(f"{arguments.draft}: nobody has signed it; order sign, order combine")
        return None
    if not arguments.yes and not confirmed("sign this"):
        print("not signed")
        return False
    opened = opening(arguments)
    message = desk.sign(order, [desk.cabinet.signer(name, opened) for name in names])
    if out is not None:
        write_atomically(out, message)
    print(out or desk.order_file(order))
    return True
