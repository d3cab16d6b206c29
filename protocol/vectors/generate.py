"""Writes the vector files. ``--check`` writes nothing and fails where a file differs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from viewkeeper.protocol.vectors import (
    algorithm_cases,
    cbor_cases,
    cose_working_group,
    envelope_cases,
    field_cases,
    grant_cases,
    keyset_cases,
    policy_cases,
    record_cases,
    row_cases,
    signer_cases,
    time_cases,
    zone_cases,
)
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import ENTROPY, Case, Delivery
from viewkeeper.protocol.vectors.stages import GOOD, deliver, states
from viewkeeper.protocol.vocabulary import OrderKind

HERE = Path(__file__).resolve().parent
FILES: dict[str, list[Any]] = {
    "orders_signed.json": [signer_cases.good, signer_cases.many, signer_cases.roles],
    "orders_envelope.json": [envelope_cases.envelope],
    "orders_row.json": [row_cases.audience, row_cases.rows],
    "orders_time.json": [time_cases.time],
    "orders_content.json": [field_cases.fields, field_cases.commands],
    "orders_policy.json": [policy_cases.policy, policy_cases.lifecycle],
    "orders_grant.json": [grant_cases.grants],
    "orders_keyset.json": [keyset_cases.keysets],
    "orders_zones.json": [zone_cases.zones, zone_cases.closing],
}


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file's name and content."""
    yield "cbor.json", cbor_cases.document()
    yield "cose_working_group.json", cose_working_group.document()
    yield "records.json", record_cases.document()
    for name, makers in FILES.items():
        yield name, _orders([case for maker in makers for case in maker()])
    yield "sweeps.json", _sweeps()
    for name in ("es256", "sm2"):
        yield f"{name}.json", algorithm_cases.document(name)


def _orders(cases: list[Case]) -> dict[str, Any]:
    used = {case.state for case in cases}
    return {
        "about": "Each case: a camera in that state gets that message. The state after a case "
        "is not used by the next.",
        "device": w.DEVICE,
        "registered_views": [w.VIEW.hex()],
        "entropy": ENTROPY.hex(),
        "states": {name: state.to_json() for name, state in states().items() if name in used},
        "cases": [case.to_json() for case in cases],
    }


def _sweeps() -> dict[str, Any]:
    small = w.signed(w.order(w.command("identify")), w.CONFIG_LI)
    grant = w.signed(w.order(w.grant(nonce=ENTROPY)), w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU)
    rows: list[tuple[str, str, Delivery]] = [
        ("command", "enrolled", deliver(small, OrderKind.COMMAND)),
        ("config", "enrolled", deliver(GOOD)),
        ("grant", "with nonce", deliver(grant, OrderKind.GRANT)),
    ]
    return {
        "about": "Every single bit of each message flipped, and every proper prefix of it, must "
        "be refused, whatever the reason, and change nothing.",
        "device": w.DEVICE,
        "entropy": ENTROPY.hex(),
        "registered_views": [w.VIEW.hex()],
        "states": {state: states()[state].to_json() for state in ("enrolled", "with nonce")},
        "sweeps": [{"id": name, "state": state, **each.to_json()} for name, state, each in rows],
    }


def text_of(document: dict[str, Any]) -> str:
    """The bytes of a file, the same everywhere."""
    return json.dumps(document, ensure_ascii=True, indent=1) + "\n"


def main() -> int:
    """Write the files, or compare them."""
    different: list[str] = []
    for name, document in documents():
        path, text = HERE / name, text_of(document)
        if path.exists() and path.read_text(encoding="ascii") == text:
            continue
        different.append(name)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="ascii")
    print("\n".join(different) if different else "nothing changed")
    return 1 if different and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
