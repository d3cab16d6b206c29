"""Writes ``schema.cddl`` (RFC 8610) from the declarations of the messages themselves.

Run as ``python -m viewkeeper.protocol.cddl`` to print it; a test holds file and code equal.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from viewkeeper.protocol import checkpoints, lamp, orders, receipts, records, updates, witnessing
from viewkeeper.protocol.cose import Domain
from viewkeeper.protocol.fields import ListOf, Nested, cddl_name, cddl_rule
from viewkeeper.protocol.vocabulary import RecordKind

_INTRODUCTION = """\
; Viewkeeper's wire contract, version 1. Written from protocol/*.py by protocol/cddl.py.
; Everything is deterministic CBOR (RFC 8949, section 4.2.1) without floats and tags, but
; for the one COSE tag at the very front of a message.
"""

_ENVELOPE = """\
; One signer: every record and checkpoint, and orders that one person may give.
; The signature is over ["Signature1", protected, external_aad, payload].
signed-message = #6.18([
  protected: bstr .cbor signer-header,
  unprotected: {},
  payload: bstr,       ; record, order or checkpoint below
  signature: bstr .size 64,
])

; Several signers: orders that several persons must give.
; Each signature is over ["Signature", h'', signer's protected, external_aad, payload].
jointly-signed-message = #6.98([
  protected: bstr .size 0,
  unprotected: {},
  payload: bstr,
  signatures: [1*16 one-signature],
])

one-signature = [
  protected: bstr .cbor signer-header,
  unprotected: {},
  signature: bstr .size 64,
]

signer-header = {
  1 => algorithm,
  4 => bstr .size 8,   ; kid: first 8 bytes of SHA-256(alg in decimal + ":" + public key)
}

; Ed25519 and ES256 as ESP256 (RFC 9864); SM2 with SM3 has a private number. The key fixes it;
; all but Ed25519 count only where the keyset allows them for the role.
algorithm = -19 / -9 / -65537
"""


def schema() -> str:
    """The whole schema as text."""
    done: dict[str, str] = {}
    for body in (*records.BODIES.values(), *orders.ORDER_BODIES.values()):
        _collect(body, done)
    for body in (checkpoints.Checkpoint, witnessing.Countersignature, receipts.Receipt):
        _collect(body, done)
    for body in (updates.Update, updates.UpdateWant, updates.UpdatePiece, lamp.LampWish):
        _collect(body, done)
    domains = "\n".join(f";   {domain.value}" for domain in Domain)
    # Readings first: pycddl panics where a challenge's bytes meet the words of an access entry.
    reading = RecordKind.READING
    recorded = {reading: records.BODIES[reading], **records.BODIES}
    parts = [
        _INTRODUCTION,
        "start = message-payload",
        "message-payload = record / order / checkpoint / countersignature / receipt",
        "",
        _ENVELOPE,
        f"; external_aad, by what is signed:\n{domains}\n",
        _choice("record", recorded, records.Header, body_key=8),
        _choice("order", orders.ORDER_BODIES, orders.OrderHeader, body_key=9),
        *(done[name] + "\n" for name in sorted(done)),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _choice(name: str, bodies: dict[Any, type[Any]], header: type[Any], *, body_key: int) -> str:
    rows = [
        f"  {{ 1 => {int(kind)}, {name}-header, {body_key} => {cddl_name(body)} }}"
        for kind, body in bodies.items()
    ]
    group = [f"{name}-header = ("]
    for spec in fields(header):
        mark = "? " if spec.metadata["optional"] else ""
        kind = spec.metadata["kind"].cddl()
        group.append(f"  {mark}{spec.metadata['key']} => {kind},  ; {spec.name}")
    return "\n".join([f"{name} =", " /\n".join(rows), "", *group, ")", ""])


def _collect(message: type[Any], done: dict[str, str]) -> None:
    if cddl_name(message) in done:
        return
    done[cddl_name(message)] = cddl_rule(message)
    for spec in fields(message):
        kind = spec.metadata["kind"]
        while isinstance(kind, ListOf):
            kind = kind.item
        if isinstance(kind, Nested):
            _collect(kind.message, done)


if __name__ == "__main__":
    print(schema(), end="")
