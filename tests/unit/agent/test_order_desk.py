"""The desk: intent, state, effect, verdict — and what a power cut leaves of them."""

import shutil

import pytest

from tests.support.power import FailingDisk, PowerCutError
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind
from viewkeeper.agent.core.ledger.frames import peek, scan
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.enrolling import enrol, open_desk
from viewkeeper.agent.order_desk import OrderDesk
from viewkeeper.protocol.cose import lookup_in
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.records import Header, Record, seal, unseal
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind

NOW = Now(w.START_S + 7200, True)
FIRST = w.order(w.config())
FIRST_MESSAGE = w.signed(FIRST, w.CONFIG_LI)


def second(state):
    order = w.order(w.config(pan_mdeg=750), 2, previous=state.config_hash)
    return w.signed(order, w.CONFIG_LI)


@pytest.fixture
def home(tmp_path):
    enrol(tmp_path, w.enrolment().encode(), w.DEVICE_SIGNER)
    return tmp_path


def failing_desk(home, disk, effect=lambda order: None):
    return OrderDesk(
        SlotStore(home, disk),
        LedgerFile(home / "ledger", disk),
        ViewStore(home / "views"),
        effect=effect,
    )


def receive(desk, message, kind=OrderKind.CONFIG, retained=True, now=NOW):
    return desk.receive(message, kind, retained=retained, now=now)


def kinds(desk):
    return [entry.kind for entry in desk.ledger.entries()]


def test_an_obeyed_order_is_in_force_after_a_restart(home):
    seen = []
    desk = open_desk(home, effect=seen.append)
    verdict = receive(desk, FIRST_MESSAGE)
    assert (verdict.accepted, verdict.reason, verdict.sequence) == (True, "accepted", 1)
    assert seen == [FIRST]
    assert kinds(desk) == [EntryKind.ENROLLED, EntryKind.INTENT, EntryKind.APPLIED]
    again = open_desk(home)
    assert again.config == w.config()
    assert again.state == desk.state
    assert receive(again, FIRST_MESSAGE).reason == "already_applied"


def test_the_verdict_fits_the_wire(home):
    desk = open_desk(home)
    for message in (FIRST_MESSAGE, b"\xd2\x84", b"", bytes(100_000)):
        header = Header(
            device=w.DEVICE,
            boot=bytes(8),
            sequence=1,
            utc_ms=1,
            mono_ms=1,
            clock=ClockTrust.SYNCHRONISED,
        )
        sealed = seal(Record(header, receive(desk, message)), w.DEVICE_SIGNER)
        assert unseal(sealed, lookup_in([w.DEVICE_SIGNER.verify_key])).body


def test_a_refusal_is_counted_entered_and_changes_nothing(home):
    desk = open_desk(home)
    receive(desk, FIRST_MESSAGE)
    before = desk.state
    verdict = receive(desk, FIRST_MESSAGE[:-1])
    assert (verdict.accepted, verdict.reason) == (False, "truncated")
    assert verdict.config_hash == before.config_hash
    assert desk.state is before
    assert (desk.refusals, desk.last_refusal) == (1, Reason.TRUNCATED)
    again = open_desk(home)
    assert (again.refusals, again.last_refusal) == (1, Reason.TRUNCATED)
    assert again.config == w.config()


def test_a_flood_costs_a_counter_not_a_disk(home):
    time_s = [0.0]
    desk = OrderDesk(
        SlotStore(home),
        LedgerFile(home / "ledger"),
        ViewStore(home / "views"),
        monotonic_s=lambda: time_s[0],
    )
    for number in range(2000):
        receive(desk, b"junk %d" % number)
    assert desk.refusals == 2000
    assert kinds(desk).count(EntryKind.REFUSED) == 10
    time_s[0] = 60.0
    desk.tick(NOW)
    last = list(desk.ledger.entries())[-1]
    assert last.kind is EntryKind.REFUSED_MANY
    assert last.details["count"] == 1990
    assert last.details["reasons"] == {"unsigned": 1990}
    assert open_desk(home).refusals == 2000
    desk.tick(NOW)
    assert len(kinds(desk)) == 12


def test_an_order_is_still_obeyed_in_a_flood(home):
    desk = open_desk(home)
    for number in range(500):
        receive(desk, b"junk %d" % number)
    assert receive(desk, FIRST_MESSAGE).accepted


@pytest.mark.parametrize("lasting", [True, False])
def test_a_disk_that_fails_leaves_the_old_state_and_says_so(tmp_path, lasting):
    before, total = count_operations(tmp_path)
    for fail_at in range(before, total):
        home = tmp_path / f"{fail_at}"
        home.mkdir()
        enrol(home, w.enrolment().encode(), w.DEVICE_SIGNER)
        receive(open_desk(home), FIRST_MESSAGE)
        seen = []
        disk = FailingDisk(fail_at, full=True, lasting=lasting, share=0.5)
        desk = failing_desk(home, disk, seen.append)
        old = desk.state
        message = second(old)
        verdict = receive(desk, message)
        after_restart = open_desk(home)
        if verdict.accepted:
            assert seen, "only the last entry, after the effect, may fail unnoticed"
            assert after_restart.config.tolerance.pan_mdeg == 750
            assert desk.store_fault
            continue
        assert verdict.reason == "store_failed"
        assert verdict.config_hash == old.config_hash
        assert desk.store_fault
        assert not seen
        if not lasting:
            assert after_restart.config.tolerance.pan_mdeg == 1000
        # Where even the old state could not be written again, a restart may find the new
        # one: it was rightly signed, and the order come again is settled either way.
        assert receive(after_restart, message).accepted


def test_after_a_full_disk_the_same_order_is_obeyed(home):
    disk = FailingDisk()
    desk = failing_desk(home, disk)
    disk.fail_at, disk.full = disk.count + 3, True
    assert receive(desk, FIRST_MESSAGE).reason == "store_failed"
    disk.fail_at = None
    assert receive(desk, FIRST_MESSAGE).accepted
    assert desk.store_fault is None
    assert kinds(desk)[-4:] == [
        EntryKind.INTENT,
        EntryKind.ABANDONED,
        EntryKind.INTENT,
        EntryKind.APPLIED,
    ] or EntryKind.REFUSED in kinds(desk)
    assert open_desk(home).config == w.config()


def count_operations(tmp_path):
    home = tmp_path / "count"
    home.mkdir()
    enrol(home, w.enrolment().encode(), w.DEVICE_SIGNER)
    receive(open_desk(home), FIRST_MESSAGE)
    disk = FailingDisk()
    desk = failing_desk(home, disk)
    before = disk.count
    receive(desk, second(desk.state))
    return before, disk.count


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("after", [False, True])
def test_a_power_cut_at_every_operation_of_a_commit_leaves_old_or_new(tmp_path, share, after):
    before, total = count_operations(tmp_path)
    assert total - before >= 8
    outcomes = set()
    for cut in range(before, total):
        home = tmp_path / f"{share}-{after}-{cut}"
        home.mkdir()
        enrol(home, w.enrolment().encode(), w.DEVICE_SIGNER)
        desk = open_desk(home)
        receive(desk, FIRST_MESSAGE)
        refused = receive(desk, b"junk")
        assert not refused.accepted
        acknowledged = desk.ledger.size
        message = second(desk.state)
        seen = []
        # Opening appends nothing here, so the count of operations is that of the commit.
        broken = failing_desk(home, FailingDisk(cut, share=share, after=after), seen.append)
        with pytest.raises(PowerCutError):
            receive(broken, message)
        again = open_desk(home)
        pan = again.config.tolerance.pan_mdeg
        outcomes.add(pan)
        assert pan in (1000, 750)
        assert again.ledger.size >= acknowledged
        assert again.refusals == 1
        if seen:
            assert pan == 750, "what took effect is in force after the restart"
        # Anti-rollback: the first order never comes back into force.
        replay = receive(again, FIRST_MESSAGE)
        assert replay.reason in ("replayed", "already_applied")
        if pan == 1000:
            assert receive(again, message).accepted
        assert open_desk(home).config.tolerance.pan_mdeg == 750
        assert kinds(again).count(EntryKind.INTENT) == kinds(again).count(
            EntryKind.APPLIED
        ) + kinds(again).count(EntryKind.ABANDONED)
    assert outcomes == {1000, 750}


def test_a_slot_that_went_bad_is_rolled_forward_from_the_ledger(home):
    desk = open_desk(home)
    receive(desk, FIRST_MESSAGE)
    receive(desk, second(desk.state))
    for damage in ("newest", "both", "gone"):
        slots = [home / "state-a", home / "state-b"]
        newest = max(slots, key=lambda path: path.read_bytes()[8:16])
        for slot in [newest] if damage == "newest" else slots:
            slot.unlink() if damage == "gone" else slot.write_bytes(b"spoilt")
        again = open_desk(home)
        assert again.config.tolerance.pan_mdeg == 750, damage
        assert again.state == desk.state


def test_a_ledger_cut_short_by_hand_is_named(home):
    desk = open_desk(home)
    receive(desk, FIRST_MESSAGE)
    whole = (home / "ledger").read_bytes()
    frames = list(desk.ledger.records())
    cut = len(whole) - sum(8 + len(record) for record in frames[-2:])
    (home / "ledger").write_bytes(whole[:cut])
    with pytest.raises(SetupError) as caught:
        open_desk(home)
    assert caught.value.reason is Reason.LEDGER_TAMPERED
    (home / "ledger").unlink()
    with pytest.raises(SetupError) as caught:
        open_desk(home)
    assert caught.value.reason is Reason.LEDGER_TAMPERED


def test_a_torn_tail_is_repaired_and_the_repair_is_entered(home):
    with (home / "ledger").open("ab") as file:
        file.write(b"\x00\x00\x00\x40half a fra")
    desk = open_desk(home)
    assert kinds(desk)[-1] is EntryKind.REPAIRED
    assert open_desk(home).ledger.size == desk.ledger.size


def test_an_effect_that_fails_does_not_undo_the_order(home):
    def effect(_order):
        raise RuntimeError("the lamp is stuck")

    verdict = receive(open_desk(home, effect=effect), FIRST_MESSAGE)
    assert verdict.accepted
    assert "the lamp is stuck" in verdict.detail
    assert open_desk(home).config == w.config()


def test_a_fault_of_ours_is_a_refusal_not_a_crash(home, monkeypatch):
    desk = open_desk(home)
    monkeypatch.setattr("viewkeeper.agent.order_desk.adjudicate", lambda *_, **__: 1 / 0)
    assert receive(desk, FIRST_MESSAGE).reason == "internal"


def test_enrolment_happens_once_and_with_the_right_key(home, tmp_path_factory):
    bundle = w.enrolment().encode()
    with pytest.raises(SetupError, match="already"):
        enrol(home, bundle, w.DEVICE_SIGNER)
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(SetupError, match="another device key"):
        enrol(empty, bundle, w.signer("somebody else"))
    with pytest.raises(SetupError, match="not a usable"):
        enrol(empty, bundle[:-1], w.DEVICE_SIGNER)
    with pytest.raises(SetupError) as caught:
        open_desk(empty)
    assert caught.value.reason is Reason.FILE_MISSING


def test_state_round_trips_and_any_changed_byte_is_noticed_or_refused(home):
    state = open_desk(home).state
    assert DeviceState.from_bytes(state.to_bytes()) == state


def test_a_filing_owed_is_known_to_the_desk(home):
    assert open_desk(home).duty(NOW) is None
    assert open_desk(home).checkpoint(NOW).size == 1


def test_a_ledger_in_many_files_keeps_count_and_rebuilds_the_state(home, monkeypatch):
    monkeypatch.setattr("viewkeeper.agent.order_desk.SEGMENT_BYTES", 600)
    desk = open_desk(home)
    receive(desk, FIRST_MESSAGE)
    receive(desk, b"junk")
    desk.tick(NOW)
    receive(desk, second(desk.state))
    desk.tick(NOW)
    assert len(desk.ledger.files()) == 3
    for slot in (home / "state-a", home / "state-b"):
        slot.unlink()
    again = open_desk(home)
    assert again.config == desk.config
    assert (again.refusals, again.last_refusal) == (1, Reason.UNSIGNED)
    assert again.ledger.root == desk.ledger.root


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_power_cut_while_a_file_is_closed_leaves_a_ledger_that_goes_on(
    home, tmp_path_factory, monkeypatch, share
):
    receive(open_desk(home), FIRST_MESSAGE)
    monkeypatch.setattr("viewkeeper.agent.order_desk.SEGMENT_BYTES", 600)
    cuts = 0
    while True:
        copy = tmp_path_factory.mktemp("cut")
        shutil.copytree(home, copy, dirs_exist_ok=True)
        disk = FailingDisk()
        desk = failing_desk(copy, disk)
        receive(desk, b"junk")
        disk.fail_at, disk.share = disk.count + cuts, share
        try:
            desk.tick(NOW)
        except PowerCutError:
            cuts += 1
            again = open_desk(copy)
        else:
            break
        again.note(EntryKind.NOTE, {}, NOW)
        again.tick(NOW)
        for slot in (copy / "state-a", copy / "state-b"):
            slot.unlink()
        rebuilt = open_desk(copy)
        assert rebuilt.config == desk.config is not None
        assert (rebuilt.refusals, rebuilt.last_refusal) == (1, Reason.UNSIGNED)
        assert rebuilt.ledger.root == again.ledger.root
        firsts = [Entry.decode(peek(file.read_bytes())).kind for file in rebuilt.ledger.files()]
        assert firsts[0] is EntryKind.ENROLLED
        assert set(firsts[1:]) == {EntryKind.SEGMENT}
    assert cuts > 3


@pytest.mark.parametrize(("trusted", "oldest"), [(True, 6), (False, 0)])
def test_files_older_than_the_law_asks_go_by_a_trusted_clock_alone(
    home, monkeypatch, trusted, oldest
):
    monkeypatch.setattr("viewkeeper.agent.order_desk.SEGMENT_BYTES", 0)
    desk = open_desk(home)
    for month in range(12):
        later = Now(NOW.utc_s + month * 31 * 86_400, trusted)
        desk.note(EntryKind.NOTE, {"month": month}, later)
        desk.tick(later)
    kept = [entry for file in desk.ledger.files() for entry in entries_in(file)]
    months = [entry.details["month"] for entry in kept if "month" in entry.details]
    assert months == list(range(oldest, 12))
    assert open_desk(home).ledger.size == desk.ledger.size


def entries_in(file):

    data = file.read_bytes()
    first = Entry.decode(peek(data))
    return scan(data, first_index=first.index, previous=first.previous).entries()
