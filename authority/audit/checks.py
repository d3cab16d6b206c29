"""What an auditor asks of a ledger, each question with its own answer.

Answers are facts (a number, a name), not sentences: ``wording`` says them in the
auditor's language.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique

from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.agent.core.ledger.frames import Damage
from viewkeeper.agent.core.ledger.segments import RETENTION_DAYS, beginning_of
from viewkeeper.agent.core.policy.lifecycle import duty
from viewkeeper.agent.core.replay import replay
from viewkeeper.agent.core.trust.keysets import keys_of
from viewkeeper.authority.audit.bundle import Bundle
from viewkeeper.authority.audit.learned import learned_facts
from viewkeeper.authority.audit.reading import keysets_in
from viewkeeper.protocol import cbor
from viewkeeper.protocol.checkpoints import Checkpoint, unseal_checkpoint
from viewkeeper.protocol.cose import Algorithm, VerifyKey, lookup_in
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import RefusalError
from viewkeeper.protocol.merkle import Frontier, leaf_hash
from viewkeeper.protocol.orders import KeyEntry
from viewkeeper.protocol.vocabulary import AccessCover, Role
from viewkeeper.protocol.witnessing import Countersignature, read_countersignature

_DAY_MS = 86_400_000
_BEIJING = dt.timezone(dt.timedelta(hours=8))


@unique
class Answer(StrEnum):
    """How a question is answered."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """It cannot be told from what is here."""


@dataclass(frozen=True, slots=True)
class Check:
    """A question and its answer; ``facts`` fill the sentence of ``wording``."""

    id: str
    answer: Answer
    facts: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything an audit found.

    Attributes:
        bundle: what was read.
        checks: every question, in the order to be told.
        state: of the camera after its last order; ``None`` where the ledger does not lead
            anywhere.
    """

    bundle: Bundle
    checks: tuple[Check, ...]
    state: DeviceState | None

    @property
    def passed(self) -> bool:
        """Nothing is wrong; what could not be told does not count as wrong."""
        return all(check.answer is not Answer.NO for check in self.checks)


def audit(bundle: Bundle, device_key: VerifyKey | None, known_orders: frozenset[bytes]) -> Audit:
    """Ask everything.

    Args:
        bundle: of one camera.
        device_key: from the register; ``None`` to believe the enrolment in the ledger.
        known_orders: SHA-256 of the messages the signing desk has on file; empty for none.
    """
    entries = bundle.entries
    state, replayed = _replayed(bundle)
    key, identity = _identity(entries, device_key)
    checks = [
        _whole(bundle),
        _complete(entries),
        identity,
        replayed,
        _settled(entries),
        _checkpoint(bundle, key),
        _witnesses(bundle, key, entries),
        _learned(entries),
        _looks(entries),
        _refusals(entries),
        _desk_orders(entries, known_orders),
        _depth(bundle, entries),
        _filing(bundle, state),
    ]
    return Audit(bundle, tuple(checks), state)


def _yes_if(condition: bool) -> Answer:
    return Answer.YES if condition else Answer.NO


def _whole(bundle: Bundle) -> Check:
    facts = {"entries": str(len(bundle.records)), "detail": bundle.detail}
    return Check("chain", _yes_if(bundle.damage is Damage.NONE and bool(bundle.records)), facts)


def _complete(entries: Sequence[Entry]) -> Check:
    """From the enrolment on; or pruned, which has to be on record."""
    if not entries:
        return Check("complete", Answer.NO, {"first": "–", "pruned": "0"})
    first = entries[0].index
    pruned = {
        last
        for entry in entries
        if entry.kind is EntryKind.PRUNED and isinstance(last := entry.details.get("last"), int)
    }
    known = first == 0 or first - 1 in pruned
    facts = {"first": str(first), "pruned": str(len(pruned))}
    return Check("complete", _yes_if(known), facts)


def _identity(
    entries: Sequence[Entry], registered: VerifyKey | None
) -> tuple[VerifyKey | None, Check]:
    enrolled: VerifyKey | None = None
    fingerprint = "–"
    if entries and entries[0].kind is EntryKind.ENROLLED:
        bundle = entries[0].details.get("bundle")
        try:
            enrolment = Enrolment.decode(bundle if isinstance(bundle, bytes) else b"")
            enrolled = VerifyKey(Algorithm(enrolment.device_algorithm), enrolment.device_key)
            fingerprint = enrolment.fingerprint
        except (RefusalError, ValueError):
            pass
    believed = registered or enrolled
    facts = {
        "key": believed.kid.hex() if believed is not None else "–",
        "fingerprint": fingerprint,
    }
    if registered is None or enrolled is None:
        return believed, Check("identity", Answer.UNKNOWN, facts)
    return registered, Check("identity", _yes_if(registered == enrolled), facts)


def _replayed(bundle: Bundle) -> tuple[DeviceState | None, Check]:
    if not bundle.records:
        return None, Check("replay", Answer.UNKNOWN, {"orders": "0", "detail": ""})
    try:
        result = replay(bundle.records)
    except RefusalError as error:
        return None, Check("replay", Answer.NO, {"orders": "–", "detail": error.hint})
    facts = {"orders": str(result.replayed), "detail": ""}
    return result.state, Check("replay", Answer.YES, facts)


def _settled(entries: Sequence[Entry]) -> Check:
    intents = {entry.index for entry in entries if entry.kind is EntryKind.INTENT}
    settled = {
        intent
        for entry in entries
        if entry.kind in (EntryKind.APPLIED, EntryKind.ABANDONED)
        and isinstance(intent := entry.details.get("intent"), int)
    }
    first = entries[0].index if entries else 0
    strangers = {each for each in settled if each >= first} - intents
    open_ones = sorted(intents - settled)
    facts = {"intents": str(len(intents)), "open": ", ".join(map(str, open_ones)) or "0"}
    # The last intent may be open: a power cut that no restart has followed yet.
    fine = not strangers and open_ones in ([], [max(intents, default=-1)])
    return Check("settled", _yes_if(fine), facts)


def _roots(bundle: Bundle) -> dict[int, bytes]:
    """Root of the ledger at every size that can be told from here."""
    entries = bundle.entries
    if not entries:
        return {}
    try:
        frontier = beginning_of(entries[0]).frontier
    except RefusalError:
        frontier = Frontier()
    roots = {frontier.size: frontier.root}
    for record in bundle.records:
        frontier = frontier.grown(leaf_hash(record))
        roots[frontier.size] = frontier.root
    return roots


def _opened(message: bytes, key: VerifyKey | None, device: str) -> Checkpoint | None:
    if key is None:
        return None
    try:
        checkpoint = unseal_checkpoint(message, lookup_in([key]))
    except RefusalError:
        return None
    return checkpoint if checkpoint.device == device else None


def _checkpoint(bundle: Bundle, key: VerifyKey | None) -> Check:
    opened = _opened(bundle.checkpoint, key, bundle.device)
    if opened is None:
        answer = Answer.UNKNOWN if key is None else Answer.NO
        return Check("checkpoint", answer, {"size": "–", "entries": str(len(bundle.records))})
    roots = _roots(bundle)
    facts = {"size": str(opened.size), "entries": str(max(roots, default=0))}
    covers = opened.size == max(roots, default=-1) and roots[opened.size] == opened.root
    return Check("checkpoint", _yes_if(covers), facts)


def _witness_keys(entries: Sequence[Entry]) -> list[VerifyKey]:
    """Of every keyset this camera ever had: a witness may have been replaced since."""
    keys: list[VerifyKey] = []
    for entry in entries:
        for keyset in keysets_in(entry):
            with contextlib.suppress(RefusalError):  # a forged one may hold anything
                keys.extend(keys_of(keyset, Role.WITNESS))
    return keys


def _countersigned(
    message: bytes, keys: Sequence[VerifyKey], device: str
) -> Countersignature | None:
    try:
        said = read_countersignature(message, lookup_in(keys))
    except RefusalError:
        return None
    return said if said.device == device else None


def _witnesses(bundle: Bundle, key: VerifyKey | None, entries: Sequence[Entry]) -> Check:
    roots, keys = _roots(bundle), _witness_keys(entries)
    good = early = 0
    for message in bundle.witness:
        opened = _countersigned(message, keys, bundle.device) or _opened(
            message, key, bundle.device
        )
        if opened is None:
            return Check("witness", Answer.NO, {"count": str(good), "detail": "signature"})
        if opened.size > max(roots, default=0):
            detail = f"{opened.size} > {max(roots, default=0)}"
            return Check("witness", Answer.NO, {"count": str(good), "detail": detail})
        if opened.size < min(roots, default=0):
            early += 1  # of a time that was pruned: its root cannot be computed any more
        elif roots[opened.size] != opened.root:
            return Check("witness", Answer.NO, {"count": str(good), "detail": f"≠ {opened.size}"})
        else:
            good += 1
    facts = {"count": str(good), "detail": str(early)}
    return Check("witness", Answer.YES if good else Answer.UNKNOWN, facts)


def _learned(entries: Sequence[Entry]) -> Check:
    """References learned beside the accepted views, each under the one in force."""
    found = learned_facts(entries)
    facts = {
        "learned": str(found.learned),
        "forgotten": str(found.forgotten),
        "strangers": str(found.strangers),
        "farthest": f"{found.farthest_mdeg / 1000:.3f}",
    }
    answer = _yes_if(not found.strangers) if found.learned else Answer.UNKNOWN
    return Check("learned", answer, facts)


def _looks(entries: Iterable[Entry]) -> Check:
    """Looks that were declared, and those no grant covered."""
    covers = [
        str(entry.details.get("cover")) for entry in entries if entry.kind is EntryKind.ACCESS
    ]
    bare = [cover for cover in covers if cover != AccessCover.GRANT]
    facts = {"looks": str(len(covers)), "bare": str(len(bare)), "why": ", ".join(sorted(set(bare)))}
    return Check("looks", _yes_if(not bare) if covers else Answer.UNKNOWN, facts)


def _refusals(entries: Iterable[Entry]) -> Check:
    total, rises = 0, True
    for entry in entries:
        if entry.kind in (EntryKind.REFUSED, EntryKind.REFUSED_MANY):
            count = entry.details.get("total")
            rises = rises and isinstance(count, int) and count >= total
            total = count if isinstance(count, int) else total
    return Check("refusals", _yes_if(rises), {"total": str(total)})


def _desk_orders(entries: Iterable[Entry], known: frozenset[bytes]) -> Check:
    messages = [
        message
        for entry in entries
        if entry.kind is EntryKind.INTENT
        and isinstance(message := entry.details.get("message"), bytes)
    ]
    strangers = [each for each in messages if hashlib.sha256(each).digest() not in known]
    facts = {"orders": str(len(messages)), "strangers": str(len(strangers))}
    if not known:
        return Check("desk", Answer.UNKNOWN, facts)
    return Check("desk", _yes_if(not strangers), facts)


def _depth(bundle: Bundle, entries: Sequence[Entry]) -> Check:
    if not entries:
        return Check("depth", Answer.NO, {"days": "0", "least": str(RETENTION_DAYS)})
    days = (bundle.exported_utc_ms - entries[0].utc_ms) // _DAY_MS
    enough = entries[0].index == 0 or days >= RETENTION_DAYS
    facts = {"days": str(days), "least": str(RETENTION_DAYS)}
    if not bundle.clock_trusted:
        return Check("depth", Answer.UNKNOWN, facts)
    return Check("depth", _yes_if(enough), facts)


def _filing(bundle: Bundle, state: DeviceState | None) -> Check:
    config = None if state is None else state.config
    if state is None or config is None or not bundle.clock_trusted:
        return Check("filing", Answer.UNKNOWN, {"left": "–", "rule": "–"})
    today = dt.datetime.fromtimestamp(bundle.exported_utc_ms // 1000, _BEIJING).date()
    owed = duty(state.standing, config.place.regime, today)
    if owed is None:
        return Check("filing", Answer.YES, {"left": "–", "rule": "–"})
    facts = {"left": str(owed.days_left), "rule": owed.rule.source}
    return Check("filing", _yes_if(not owed.overdue), facts)


def signers_of(entry: Entry, keys: Iterable[KeyEntry]) -> tuple[str, ...]:
    """Persons whose keys a message names; that the signatures hold, the replay has shown."""
    message = entry.details.get("message")
    if not isinstance(message, bytes):
        return ()
    kids = {VerifyKey(Algorithm(key.algorithm), key.raw).kid: key.person for key in keys}
    named = [person for kid, person in kids.items() if cbor.encode(kid) in message]
    return tuple(dict.fromkeys(named))
