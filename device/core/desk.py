"""Where orders arrive: judged, written down, kept, obeyed, answered, in that order.

    ledger intent -> state slot -> effect -> ledger outcome -> verdict

as ``agent/order_desk.py`` does it, over the same ledger and state formats, so that the
signing desk's audit reads a device as it reads a camera.
"""

from hashlib import sha256

from device.core import adjudicate as court
from device.core import cose, ed25519, policy, segments
from device.core.clock import Now
from device.core.errors import Refusal
from device.core.ledger import Ledger, opened
from device.core.refusals import Refusals
from device.core.slots import Slots
from device.core.witness import Witnessing

STORE_ERRORS = (OSError, MemoryError)


def enrol(files, bundle, seed):
    """Make an enrolled device of an empty folder; the bundle must name this device's key."""
    slots = Slots(files)
    if not slots.is_empty() or files.size("ledger"):
        raise Refusal("setting", "this device is enrolled already")
    state, enrolment = court.enrolled(bundle)
    named = (enrolment["device_algorithm"], enrolment["device_key"])
    if named != (cose.ED25519, ed25519.public_key(seed)):
        raise Refusal("setting", "the bundle names another device key than this one's")
    files.write("site", enrolment["site"].encode())
    ledger = Ledger(files)
    ledger.append("enrolled", {"bundle": bundle}, enrolment["enrolled_at"] * 1000)
    state["ledger_size"], state["ledger_head"] = ledger.size, ledger.head
    slots.save(court.to_bytes(state))


class Desk:
    """The one place that changes what this device is told to be.

    ``effect(kind, body)`` is called once an order is kept; ``random(n)`` gives n bytes.
    Raises Refusal: not enrolled (``file_missing``), ``ledger_tampered``.
    """

    def __init__(self, files, views, random, effect=None):
        self._files, self._slots, self._random = files, Slots(files), random
        self.views, self._effect = views, effect
        self.refusals = Refusals(self.note, lambda: segments.is_many(self.ledger))
        self.store_fault = None
        self._unsettled = self._proven = self._proof = None
        self._recover()
        self.witnessing = Witnessing(self.device, self.ledger, files, lambda: self.trust["keyset"])

    @property
    def device(self):
        return self._state["device"]

    @property
    def site(self):
        return self._files.read("site").decode()

    @property
    def trust(self):
        """The keyset in force and the clock floor."""
        return self._state["trust"]

    def standing(self):
        """What holds now, for the loop and its reports."""
        header, config = court.config_of(self._state)
        payload = self._state.get("config_payload")
        return {
            "config": config,
            "config_sequence": 0 if header is None else header["sequence"],
            "config_hash": None if payload is None else sha256(payload).digest(),
            "lifecycle": policy.shown_state(self._state["standing"], config),
            "filing_due_on": policy.filing_due_on(self._state["standing"], config),
            "refusals": self.refusals.total,
            "last_refusal": self.refusals.last,
            "ledger_size": self.ledger.size,
            "ledger_root": self.ledger.root,
        }

    def receive(self, message, kind, retained, now):
        """Deal with any bytes that came as an order; the verdict to sign. Never raises."""
        entropy = self._random(16)
        try:
            ruling = court.adjudicate(
                self._state, message, kind, retained, now, self.views, entropy
            )
        except Exception as error:
            detail = "a fault while judging: " + type(error).__name__
            ruling = court.Ruling(False, "internal", detail, now.clock)
        if ruling.state is not None:
            self._carry_out(ruling, message, kind, retained, now, entropy)
        digest = sha256(message).digest()
        if not ruling.accepted:
            self.refusals.add(ruling, kind, digest, now)
        verdict = {
            "order": kind,
            "order_hash": digest,
            "accepted": ruling.accepted,
            "reason": ruling.reason,
            "detail": ruling.detail,
            "clock": ruling.clock,
            "config_hash": self.standing()["config_hash"],
        }
        if ruling.accepted:
            verdict["sequence"] = ruling.header["sequence"]
        return verdict

    def refuse_large(self, digest, kind, now):
        """The verdict on a message too long to be held: only its hash came this far."""
        ruling = court.Ruling(False, "too_large", "longer than any order", now.clock)
        self.refusals.add(ruling, kind, digest, now)
        return {
            "order": kind,
            "order_hash": digest,
            "accepted": False,
            "reason": ruling.reason,
            "detail": ruling.detail,
            "clock": ruling.clock,
            "config_hash": self.standing()["config_hash"],
        }

    @property
    def fault(self):
        """What is wrong with what is kept here, for an alarm; ``None``: nothing."""
        return self.store_fault or self.witnessing.fault

    def witness(self, message):
        """Take a countersignature of the ledger from the wire."""
        try:
            self.witnessing.receive(message)
        except STORE_ERRORS as error:
            self.store_fault = "store: %s" % error

    def note(self, kind, details, now):
        """Enter something that is not an order; False where the storage would not take it."""
        try:
            self.ledger.append(kind, details, now.utc_ms)
        except STORE_ERRORS as error:
            self.store_fault = "ledger: %s" % error
            return False
        return True

    def checkpoint(self, now):
        """Size and root of the ledger, to be signed, and that it continues what was witnessed."""
        told = {
            "device": self.device,
            "size": self.ledger.size,
            "root": self.ledger.root,
            "utc_ms": now.utc_ms,
        }
        since = self.witnessing.size
        if 0 < since < self.ledger.size:
            if self._proven != (since, self.ledger.size):
                # Only where somebody countersigns: elsewhere it would lie in RAM for nothing.
                from device.core.proof import consistency

                self._proof = consistency(self.ledger, self._files, since)
                self._proven = since, self.ledger.size
            if self._proof is not None:
                told["since"], told["proof"] = since, self._proof
        return told

    def _carry_out(self, ruling, message, kind, retained, now, entropy):
        inputs = {
            "order": kind,
            "message": message,
            "retained": retained,
            "utc_s": now.utc_s,
            "trusted": now.trusted,
            "entropy": entropy,
        }
        after = ruling.state
        try:
            self._settle(now.utc_ms)
            intent = self.ledger.append("intent", inputs, now.utc_ms)
            # Until a slot has the new state, this is what became of the intent.
            self._unsettled = (intent, "abandoned", "could not be kept")
            after["refusals"] = self.refusals.total
            after["ledger_size"], after["ledger_head"] = self.ledger.size, self.ledger.head
            self._slots.save(court.to_bytes(after))
        except STORE_ERRORS as error:
            return self._not_stored(ruling, error, now)
        self._state = after
        if self._effect is not None:
            try:
                self._effect(kind, ruling.body)
            except Exception as error:
                ruling.detail = court.plain("kept, but carrying it out failed: %s" % error)
        self._unsettled = (intent, "applied", ruling.detail)
        try:
            self._settle(now.utc_ms)
            self.store_fault = None
        except STORE_ERRORS as error:
            self.store_fault = "ledger: %s" % error

    def _settle(self, utc_ms):
        if self._unsettled is not None:
            intent, kind, detail = self._unsettled
            self.ledger.append(kind, {"intent": intent, "detail": detail}, utc_ms)
            self._unsettled = None

    def _not_stored(self, ruling, error, now):
        # The write may yet have reached the slot: the old state, in a higher generation,
        # makes sure that a restart agrees with the verdict.
        self.store_fault = "store: %s" % error
        try:
            self._slots.save(court.to_bytes(self._state))
            self._settle(now.utc_ms)
        except STORE_ERRORS:
            pass
        ruling.accepted, ruling.reason = False, "store_failed"
        ruling.detail = "could not be kept, the old state stays"

    def tick(self, now):
        """Now and then: the sum of a flood that is over, and the ledger kept small."""
        self.refusals.tick(now)
        told = (self.refusals.total, self.refusals.last)
        try:
            segments.close_if_long(self.ledger, self._files, self._state, told, now)
        except STORE_ERRORS as error:
            self.store_fault = "ledger: %s" % error

    def _recover(self):
        """After a restart: the ledger is the truth, the slots may lag behind it."""
        kept = self._slots.load()
        kept = self._state = None if kept is None else court.from_bytes(kept)
        self._open, self._outcomes, self._joined, self._utc_ms = None, {}, False, 0
        self._first = True
        self.ledger = Ledger(self._files, self._seen)
        if self._state is None:
            raise Refusal("file_missing", "this device is not enrolled yet")
        if not self._joined and self._state["ledger_head"] != bytes(32):
            raise Refusal("ledger_tampered", "the state was kept beside another ledger")
        self.refusals.seen({"total": self._state["refusals"]})
        self._roll_forward(self._state is not kept)

    def _seen(self, index, record):
        """One entry while the ledger is read: outcomes, refusals, where the state joins."""
        entry = opened(record)
        kind, details, self._utc_ms = entry[3], entry[4], entry[2]
        if self._first:
            self._first = False
            self._begun(index, entry, kind, details)
        state = self._state
        if state is not None and index + 1 == state["ledger_size"]:
            self._joined = sha256(record).digest() == state["ledger_head"]
        if kind == "intent":
            self._open = index
        elif kind in ("applied", "abandoned"):
            self._open = None
            if state is not None and details["intent"] >= state["ledger_size"]:
                self._outcomes[details["intent"]] = kind
        if kind in ("refused", "refused_many", "segment"):
            self.refusals.seen(details)

    def _begun(self, index, entry, kind, details):
        """The first entry that is read brings a state, where none was kept or an older one."""
        if kind == "enrolled" and self._state is None:
            self._state, self._joined = court.enrolled(details["bundle"])[0], True
        elif kind == "segment":
            if self._state is None or self._state["ledger_size"] < index:
                self._state = segments.state_of(entry)
            same = self._state["ledger_size"] == index
            self._joined = same and self._state["ledger_head"] == entry[5]

    def _roll_forward(self, is_new):
        changed = is_new
        for index, record in self.ledger.records(self._state["ledger_size"]):
            if self._outcomes.get(index) != "applied":
                continue
            given = opened(record)[4]
            now = Now(given["utc_s"] * 1000, 0, given["trusted"])
            views = _AnyView()
            ruling = court.adjudicate(
                self._state,
                given["message"],
                given["order"],
                given["retained"],
                now,
                views,
                given["entropy"],
            )
            if ruling.state is None:
                raise Refusal("ledger_tampered", "entry %d must not have been obeyed" % index)
            self._state, changed = ruling.state, True
            self._state["ledger_size"] = index + 1
            self._state["ledger_head"] = sha256(record).digest()
        self._outcomes = {}
        if self._open is not None:
            has_it = self._state["ledger_size"] == self._open + 1
            self._unsettled = (self._open, "applied" if has_it else "abandoned", "found at start")
        try:
            if self.ledger.unbegun:
                told = (self.refusals.total, self.refusals.last)
                segments.begin(self.ledger, self._state, told, self._utc_ms, False)
            self._settle(self._utc_ms)
            if changed:
                self._slots.save(court.to_bytes(self._state))
        except STORE_ERRORS as error:
            self.store_fault = "store: %s" % error


class _AnyView:
    """That a view was registered when its order was obeyed is taken from the ledger."""

    def __contains__(self, digest):
        return True
