"""Making an enrolled camera of an empty folder, and opening its order desk again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.order_desk import Effect, OrderDesk, no_effect
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError


def enrol(directory: Path, bundle: bytes, signer: cose.Signer) -> DeviceState:
    """Make an enrolled camera of an empty directory.

    Args:
        directory: the agent's own, as ``open_desk`` reads it.
        bundle: an ``Enrolment`` from the signing desk.
        signer: the device key; the bundle must name it.

    Raises:
        SetupError: already enrolled, another camera's bundle, or a bundle that is none.
    """
    store = SlotStore(directory)
    if not store.is_empty:
        raise SetupError(Reason.SETTING, f"{directory} belongs to an enrolled camera already")
    try:
        enrolment = Enrolment.decode(bundle)
        state = DeviceState.enrolled(enrolment)
    except RefusalError as error:
        raise SetupError(error.reason, f"not a usable enrolment bundle: {error.hint}") from error
    key = signer.verify_key
    if (enrolment.device_algorithm, enrolment.device_key) != (int(key.algorithm), key.raw):
        raise SetupError(Reason.SETTING, "the bundle names another device key than this camera's")
    ledger = LedgerFile(directory / "ledger")
    if ledger.size:
        raise SetupError(Reason.SETTING, f"{directory} holds a ledger already")
    details: dict[str, cbor.Value] = {"bundle": bundle}
    ledger.append(EntryKind.ENROLLED, details, utc_ms=enrolment.enrolled_at * 1000)
    state = dataclasses.replace(state, ledger_size=ledger.size, ledger_head=ledger.head)
    ledger.close()
    store.save(state.to_bytes())
    return state


def open_desk(directory: Path, *, effect: Effect = no_effect) -> OrderDesk:
    """The desk of an enrolled camera.

    Raises:
        SetupError: not enrolled, state or ledger damaged.
    """
    return OrderDesk(
        SlotStore(directory),
        LedgerFile(directory / "ledger"),
        ViewStore(directory / "views"),
        effect=effect,
    )
