"""Orders that several people sign at desks of their own: draft, share, combine; rotation."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Sequence
from pathlib import Path

from viewkeeper.agent.core.trust.keysets import check_keyset, verify_key
from viewkeeper.authority import wording
from viewkeeper.authority.asking import confirmed, opening
from viewkeeper.authority.commands import DONE, REFUSED
from viewkeeper.authority.desk import Desk
from viewkeeper.authority.keys import write_new
from viewkeeper.authority.order_files import read_draft
from viewkeeper.authority.register import write_atomically
from viewkeeper.authority.signing import draft_or_sign
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.orders import (
    DOMAINS,
    Allowance,
    Grant,
    Keyset,
    Order,
    Threshold,
    payload_hash,
)
from viewkeeper.protocol.vocabulary import Role


def grant_draft(arguments: argparse.Namespace) -> int:
    """Write a grant that nobody has signed yet."""
    desk = Desk(arguments.desk)
    body = Grant(
        approver=arguments.approver,
        officers=tuple(arguments.officer),
        purpose=arguments.purpose,
        from_s=_moment(arguments.footage_from),
        to_s=_moment(arguments.footage_to),
        destination=arguments.destination,
        approval=arguments.approval,
        nonce=_nonce(arguments.nonce),
    )
    order = desk.draft(
        arguments.camera, body, now_s=int(time.time()), life_s=arguments.hours * 3600
    )
    try:
        payload = order.encode()
    except RefusalError as error:
        raise SetupError(Reason.SETTING, error.hint) from error
    write_new(arguments.out, payload)
    _show(order, list(dict.fromkeys([body.approver, *body.officers])))
    print(arguments.out)
    return DONE


def order_sign(arguments: argparse.Namespace) -> int:
    """Sign a draft with one key and write the share."""
    desk = Desk(arguments.desk)
    payload, order = read_draft(arguments.draft)
    held = desk.cabinet.key(arguments.signer)
    _show(order, [held.entry.person])
    if not arguments.yes and not confirmed("sign this"):
        print("not signed")
        return REFUSED
    signer = desk.cabinet.signer(held.name, opening(arguments))
    protected, signature = cose.signature_of(payload, signer, DOMAINS[order.kind])
    share = {
        "of": payload_hash(payload).hex(),
        "person": held.entry.person,
        "protected": protected.hex(),
        "signature": signature.hex(),
    }
    write_new(arguments.out, json.dumps(share, ensure_ascii=False, indent=2).encode("utf-8"))
    print(arguments.out)
    return DONE


def order_combine(arguments: argparse.Namespace) -> int:
    """Put the shares of a draft into one order, each checked first."""
    desk = Desk(arguments.desk)
    payload, order = read_draft(arguments.draft)
    shares = [_share(path, payload) for path in arguments.share]
    message = cose.assemble(payload, shares)
    keysets = [desk.keyset, *([order.body] if isinstance(order.body, Keyset) else [])]
    keys = [verify_key(entry) for keyset in keysets for entry in keyset.keys]
    try:
        cose.open_sign(message, cose.lookup_in(keys), DOMAINS[order.kind])
    except RefusalError as error:
        raise SetupError(error.reason, f"the shares do not make an order: {error.hint}") from error
    desk.keep_order(order, message)
    if isinstance(order.body, Keyset) and order.body.version == desk.keyset.version + 1:
        desk.keep_keyset(order.body)
    if arguments.out is not None:
        write_atomically(arguments.out, message)
    print(arguments.out or desk.order_file(order))
    return DONE


def keyset_rotate(arguments: argparse.Namespace) -> int:
    """Make the next keyset, or take the one made, and sign it for one camera."""
    desk = Desk(arguments.desk)
    latest = desk.keyset
    behind = desk.camera(arguments.camera).keyset_version
    if behind < latest.version:
        successor = next(k for k in desk.keyset_history() if k.version == behind + 1)
    else:
        successor = _successor(desk, latest, arguments)
    order = desk.draft(arguments.camera, successor, now_s=int(time.time()))
    before = next(k for k in desk.keyset_history() if k.version == behind)
    names = [
        held.name
        for held in desk.cabinet.all()
        if Role.ROOT in held.entry.roles
        and held.entry in {*before.keys, *successor.keys}
        and held.store.kind != "elsewhere"
    ]
    for line in wording.introduction(order, [desk.cabinet.key(n).entry.person for n in names]):
        print(line)
    for line in wording.differences(before, successor):
        print(f"  {line}")
    signed = draft_or_sign(desk, order, names, arguments)
    if signed and behind == latest.version:
        desk.keep_keyset(successor)
    return REFUSED if signed is False else DONE


def _successor(desk: Desk, latest: Keyset, arguments: argparse.Namespace) -> Keyset:
    gone = {desk.cabinet.key(name).entry for name in arguments.remove}
    new = tuple(desk.cabinet.key(name).entry for name in arguments.add)
    allowed = [*(latest.allowed or ()), *map(_allowance, arguments.allow)]
    successor = Keyset(
        version=latest.version + 1,
        epoch=latest.epoch + (1 if arguments.new_epoch else 0),
        keys=(*(key for key in latest.keys if key not in gone), *new),
        thresholds=_thresholds(latest, arguments.threshold),
        allowed=tuple(dict.fromkeys(allowed)) or None,
    )
    try:
        check_keyset(successor)
    except RefusalError as error:
        cure = ": --allow ROLE=ALGORITHM" if error.reason is Reason.ALG_NOT_ALLOWED else ""
        raise SetupError(error.reason, f"{error.hint}{cure}") from error
    return successor


def _thresholds(latest: Keyset, changes: Sequence[str]) -> tuple[Threshold, ...]:
    counts = {threshold.role: threshold.persons for threshold in latest.thresholds}
    for text in changes:
        role, _, count = text.partition("=")
        try:
            counts[Role(role)] = int(count)
        except ValueError as error:
            raise SetupError(
                Reason.SETTING, f"--threshold {text}: ROLE=PERSONS, as in --threshold update=1"
            ) from error
    return tuple(Threshold(role=role, persons=count) for role, count in counts.items())


def _allowance(text: str) -> Allowance:
    role, _, name = text.partition("=")
    try:
        return Allowance(role=Role(role), algorithm=int(cose.Algorithm[name.upper()]))
    except (ValueError, KeyError) as error:
        names = ", ".join(each.name.lower() for each in cose.Algorithm)
        raise SetupError(
            Reason.SETTING, f"--allow {text}: ROLE={names}, as in --allow root=es256"
        ) from error


def _show(order: Order, persons: list[str]) -> None:
    for line in wording.introduction(order, persons):
        print(line)
    for line in wording.differences(None, order.body):
        print(f"  {line}")


def _share(path: Path, payload: bytes) -> tuple[bytes, bytes]:
    try:
        share = json.loads(path.read_text(encoding="utf-8"))
        row = bytes.fromhex(share["protected"]), bytes.fromhex(share["signature"])
        of = share["of"]
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is no share of a signature") from error
    if of != payload_hash(payload).hex():
        raise SetupError(Reason.BAD_SIGNATURE, f"{path} was made for another draft")
    return row


def _moment(text: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise SetupError(Reason.SETTING, f"{text}: write 2026-11-18T14:00+08:00") from error
    if moment.tzinfo is None:
        raise SetupError(Reason.SETTING, f"{text}: say the time zone, as in +08:00")
    return int(moment.timestamp())


def _nonce(text: str) -> bytes:
    try:
        nonce = bytes.fromhex(text)
    except ValueError as error:
        raise SetupError(Reason.SETTING, "the nonce is 32 hexadecimal digits") from error
    if len(nonce) != 16:
        raise SetupError(Reason.SETTING, "the nonce is 32 hexadecimal digits")
    return nonce
