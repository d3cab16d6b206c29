"""A device's ledger over years: it stays small, and the agent's own rooms and the audit read it."""

import dataclasses
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.core import segments
from device.core.clock import Now
from device.core.desk import Desk, enrol
from device.core.errors import Refusal
from device.core.ledger import Ledger, frames, read_first
from device.core.proof import consistency, root_at
from tests.device.core.test_desk import BEGIN, SIGNER, deliveries
from tests.device.flash import FLASH
from tests.device.runner import needs_micropython, run
from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import EntryKind
from viewkeeper.agent.core.replay import replay
from viewkeeper.agent.core.trust.clock import Now as AgentNow
from viewkeeper.agent.inspection import export_bundle
from viewkeeper.authority.audit.bundle import read_bundle
from viewkeeper.authority.audit.checks import Answer, audit
from viewkeeper.protocol import cose, merkle
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.orders import KeyEntry
from viewkeeper.protocol.vocabulary import Role
from viewkeeper.protocol.witnessing import countersign, follows

DAY_MS = 86_400_000
FILES, ROWS = deliveries()
ABOUT = json.loads(FILES["given.json"])
VIEWS = {bytes.fromhex(view) for view in ABOUT["views"]}
ENTROPY = bytes.fromhex(ABOUT["entropy"])


class Folder:
    """The storage port over a folder of this machine."""

    def __init__(self, path):
        self.path = path

    def size(self, name):
        path = self.path / name
        return path.stat().st_size if path.exists() else None

    def read(self, name, start=0, length=-1):
        path = self.path / name
        if not path.exists():
            return None
        data = path.read_bytes()[start:]
        return data if length < 0 else data[:length]

    def write(self, name, *parts):
        (self.path / name).write_bytes(b"".join(parts))

    def append(self, name, *parts):
        with (self.path / name).open("ab") as file:
            file.write(b"".join(parts))

    def cut(self, name, length):
        self.write(name, self.read(name)[:length])

    def rename(self, old, new):
        (self.path / old).rename(self.path / new)

    def remove(self, name):
        (self.path / name).unlink(missing_ok=True)

    def digest(self, name):
        return hashlib.sha256(self.read(name)).digest()

    def names(self, ending):
        return [path.name for path in self.path.iterdir() if path.name.endswith(ending)]


def now_of(row, mono_ms=5):
    return Now(row["utc_s"] * 1000, mono_ms, row["clock_trusted"])


def desk_of(files):
    return Desk(files, VIEWS, lambda count: ENTROPY[:count])


def enrolled(path):
    files = Folder(path)
    enrol(files, FILES["bundle"], bytes(range(32)))
    return files, desk_of(files)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 3000)
    monkeypatch.setattr(segments, "MANY_BYTES", 24_000)


def live(desk, days, refusals_a_day=0, start_ms=0, first_day=0):
    """Days go by, with the desk's tick every hour."""
    for hour in range(days * 24):
        at_ms = start_ms + (first_day * 24 + hour) * 3_600_000
        now = Now(at_ms, (first_day * 24 + hour) * 3_600_000, True)
        for _ in range(refusals_a_day // 24):
            assert not desk.receive(b"no order", 1, False, now)["accepted"]
        desk.tick(now)


def test_years_of_refusals_leave_a_small_ledger_that_the_agent_reads(tmp_path, short):
    files, desk = enrolled(tmp_path)
    for row in ROWS:
        assert desk.receive(FILES[row["message"]], row["kind"], False, now_of(row))["accepted"]
    start_ms, most = ROWS[-1]["utc_s"] * 1000, 0
    for half_year in range(3):
        live(desk, 184, 24, start_ms, half_year * 184)
        most = max(most, desk.ledger.total_bytes)
        desk = desk_of(files)  # the power goes
        desk.refusals._at_ms = (half_year + 1) * 184 * DAY_MS
    assert most < 250_000
    assert desk.ledger.total_bytes == sum(path.stat().st_size for path in tmp_path.glob("ledger*"))
    read = LedgerFile(tmp_path / "ledger")
    assert (read.size, read.root) == (desk.ledger.size, desk.ledger.root)
    assert read.first_index > 100
    kinds = [entry.kind for entry in read.entries()]
    assert kinds[0] is EntryKind.SEGMENT
    state = replay(list(read.records())).state
    assert state.config is not None
    assert state.ledger_size == read.first_index
    exported = desk.refusals._at_ms // 1000 + start_ms // 1000
    export_bundle(
        tmp_path / "bundle.zip",
        read,
        device=desk.device,
        signer=SIGNER,
        now=AgentNow(exported, True),
    )
    found = audit(read_bundle(tmp_path / "bundle.zip"), SIGNER.verify_key, frozenset())
    answers = {check.id: check.answer for check in found.checks}
    for question in ("chain", "complete", "replay", "settled", "checkpoint", "refusals", "depth"):
        assert answers[question] is Answer.YES, question


def test_what_the_law_wants_kept_is_kept_and_nothing_goes_by_an_untrusted_clock(tmp_path, short):
    files, desk = enrolled(tmp_path)
    start_ms = ROWS[0]["utc_s"] * 1000
    for day in range(400):
        now = Now(start_ms + day * DAY_MS, day * DAY_MS, day >= 200)
        for _ in range(10):
            desk.note("note", {"text": "x" * 100}, now)
        desk.tick(now)
        if day == 383:
            # Closed under a clock that was not believed: that counts from the first close that was.
            assert read_first(files, desk.ledger.closed[0])[1] == 0
    oldest = read_first(files, desk.ledger.closed[0])
    assert oldest[1] > 1000
    after = read_first(files, desk.ledger.closed[1])
    assert after[2] >= start_ms + (399 - 184 - 5) * DAY_MS


def test_a_flood_never_fills_the_storage(tmp_path, short):
    _, desk = enrolled(tmp_path)
    live(desk, 60, 24 * 60)
    after_two_months = desk.ledger.total_bytes
    live(desk, 60, 24 * 60, first_day=60)
    grown = desk.ledger.total_bytes - after_two_months
    assert grown < 60 * 700  # one entry and one sum a day, and what begins a file
    assert desk.refusals.total == 120 * 24 * 60


def test_a_file_that_was_changed_or_swapped_is_named(tmp_path, short):
    files, desk = enrolled(tmp_path)
    for _ in range(60):
        desk.note("note", {"text": "x" * 100}, now_of(ROWS[0]))
        desk.tick(now_of(ROWS[0]))
    older = LedgerFile(tmp_path / "ledger").older_files()
    assert len(older) >= 2
    data = bytearray(older[0].read_bytes())
    data[40] ^= 1
    older[0].write_bytes(bytes(data))
    with pytest.raises(Refusal) as caught:
        desk_of(files)
    assert caught.value.reason == "ledger_tampered"


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6), data=st.data())
def test_any_older_size_is_proven_over_any_files(tmp_path_factory, sizes, data):
    path = tmp_path_factory.mktemp("ledger")
    files = Folder(path)
    ledger = Ledger(files)
    for count in sizes:
        for _ in range(count):
            ledger.append("note", {"text": "x"}, 0)
        ledger.close_file(0)
        ledger.begin({"state": b""}, 0)
    ledger = Ledger(files)
    records = []
    for name in [*ledger.closed, "ledger"]:
        records += [record for _, record in frames(files, name)]
    leaves = [merkle.leaf_hash(record) for record in records]
    assert len(leaves) == ledger.size
    old = data.draw(st.integers(1, ledger.size))
    assert consistency(ledger, files, old) == merkle.consistency_proof(old, leaves)
    assert root_at(ledger, files, old) == merkle.root_of(leaves[:old])
    ledger.drop(ledger.closed[0])
    left = int(ledger.closed[0][-12:]) if ledger.closed else ledger.first_index
    held = consistency(ledger, files, old)
    assert (held is None) == (old < left)
    assert held is None or held == merkle.consistency_proof(old, leaves)


def with_witness():
    """The desk's files and a recorder's key that the keyset names as witness."""
    enrolment = Enrolment.decode(FILES["bundle"])
    recorder = cose.SoftwareSigner.from_seed(bytes([9]) * 32)
    key = KeyEntry(
        algorithm=-19,
        raw=recorder.verify_key.raw,
        person="recorder",
        roles=(Role.WITNESS,),
        not_before=enrolment.enrolled_at,
        not_after=enrolment.enrolled_at + 10**9,
    )
    keyset = dataclasses.replace(enrolment.keyset, keys=(*enrolment.keyset.keys, key))
    return dataclasses.replace(enrolment, keyset=keyset).encode(), recorder


def test_a_recorder_countersigns_and_what_follows_is_proven_to_it(tmp_path, short):
    bundle, recorder = with_witness()
    files = Folder(tmp_path)
    enrol(files, bundle, bytes(range(32)))
    desk, known = desk_of(files), None
    for turn in range(80):
        now = Now(turn * 1000, turn * 1000, True)
        desk.note("note", {"text": "x" * 90}, now)
        desk.tick(now)
        checkpoint = Checkpoint(**desk.checkpoint(now))
        if known is not None:
            assert follows(checkpoint, *known) is True
        if turn % 3 == 0:
            signed = countersign(checkpoint, recorder, seen_ms=1, proven=True)
            desk.witness(countersign(checkpoint, SIGNER, seen_ms=1, proven=True))  # a stranger
            desk.witness(signed[:-1] + bytes([signed[-1] ^ 1]))
            desk.witness(signed)
            known = checkpoint.size, checkpoint.root
    assert desk.fault is None
    assert len(desk.ledger.closed) >= 3
    again = desk_of(files)  # it is remembered over a power cut
    assert again.witnessing.size == known[0]
    other = dataclasses.replace(checkpoint, root=bytes(32))
    again.witness(countersign(other, recorder, seen_ms=1, proven=True))
    assert "another ledger" in again.fault
    longer = dataclasses.replace(checkpoint, size=checkpoint.size + 50)
    fresh = desk_of(files)
    fresh.witness(countersign(longer, recorder, seen_ms=1, proven=True))
    assert "an old copy?" in fresh.fault


CUTS = (
    BEGIN
    + FLASH
    + """
from device.core import segments
segments.SEGMENT_BYTES, segments.RETENTION_MS = 1500, 3000000
flash = Flash()
kept = bytearray(len(flash.data))  # while there is a hole as large
vfs.VfsLfs2.mkfs(flash)
def mount():
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
mount()
files = Files("/flash")
enrol(files, message_of({"message": "bundle"}), seed)
desk = Desk(files, views, lambda n: entropy[:n])
first = about["deliveries"][0]
began = now_of(first)
assert desk.receive(message_of(first), first["kind"], False, began)["accepted"]
def at(minute):
    return Now(began.utc_ms + minute * 60000, minute * 60000, True)
minute = 0
while len(desk.ledger.closed) < 3 or desk.ledger.file_bytes < 1500:
    minute += 1
    assert desk.note("note", {"text": "x" * 200}, at(minute))
    if desk.ledger.file_bytes > 1500 and len(desk.ledger.closed) < 3:
        desk.tick(at(minute))
later = at(minute + 120)  # the next tick closes a file and lets old ones go
state, size, closed = court.to_bytes(desk._state), desk.ledger.size, list(desk.ledger.closed)
vfs.umount("/flash")
kept[:] = flash.data
outcomes, cuts, done = {}, 0, False
while not done:
    flash.data[:] = kept
    mount()
    desk = Desk(files, views, lambda n: entropy[:n])
    flash.left = cuts
    desk.tick(later)
    done = flash.left > 0
    flash.left = None
    try:
        vfs.umount("/flash")
    except OSError:
        pass
    desk = None
    gc.collect()
    mount()
    desk = Desk(files, views, lambda n: entropy[:n])
    assert desk.store_fault is None, desk.store_fault
    assert desk.ledger.size >= size
    assert desk._state["config_payload"] == court.from_bytes(state)["config_payload"]
    assert not desk.ledger.unbegun
    desk.tick(later)
    assert desk.store_fault is None, desk.store_fault
    assert desk.note("note", {"text": "after"}, later)
    gone = sum(name not in files.names("") for name in closed)
    key = "%d closed, %d gone" % (len(desk.ledger.closed), gone)
    outcomes[key] = outcomes.get(key, 0) + 1
    vfs.umount("/flash")
    desk = None
    gc.collect()
    cuts += 1
mount()
for name in files.names(""):
    if name.startswith("ledger"):
        with open(name, "wb") as file:
            file.write(files.read(name))
with open("told.json", "w") as file:
    json.dump({"cuts": cuts, "outcomes": outcomes, "size": size}, file)
"""
)


@needs_micropython
def test_a_power_cut_at_any_write_while_files_close_and_go_loses_nothing(tmp_path):
    told = run(CUTS, tmp_path, files=FILES, heap="768K", timeout_s=240)
    assert told["cuts"] > 20
    # Begun again at a start, whose clock is not believed, a file makes none old until the next.
    assert {"4 closed, 0 gone", "1 closed, 3 gone"} <= set(told["outcomes"])
    assert not any(outcome.startswith("0 closed") for outcome in told["outcomes"])
    ledger = LedgerFile(tmp_path / "ledger")
    assert ledger.first_index > 0
    assert ledger.size > told["size"]
