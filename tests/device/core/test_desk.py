"""A device's desk: what it keeps and says is what the agent's own rooms read."""

import dataclasses
import json

from tests.device.core.test_vectors import VECTORS
from tests.device.flash import FLASH
from tests.device.runner import needs_micropython, run
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.agent.core.device_state import DeviceState
from viewkeeper.agent.core.ledger.frames import Damage, scan
from viewkeeper.agent.core.replay import replay
from viewkeeper.protocol import cose
from viewkeeper.protocol.checkpoints import unseal_checkpoint
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.merkle import leaf_hash, root_of
from viewkeeper.protocol.records import unseal

SEED = bytes(range(32))
SIGNER = cose.SoftwareSigner.from_seed(SEED)
KINDS = {"config": 1, "keyset": 2, "grant": 3, "command": 4, "lifecycle": 5}
DOCUMENT = json.loads((VECTORS / "orders_policy.json").read_text("ascii"))

BEGIN = """
import gc, json, os
from binascii import hexlify, unhexlify
from device.core import adjudicate as court
from device.core.clock import Now
from device.core.desk import Desk, enrol
from device.core.errors import Refusal
from device.store.files import Files

about = json.load(open("given.json"))
seed = bytes(range(32))
views = {unhexlify(view) for view in about["views"]}
entropy = unhexlify(about["entropy"])
def message_of(delivery):
    with open(delivery["message"], "rb") as file:
        return file.read()
def now_of(delivery):
    return Now(delivery["utc_s"] * 1000, 5, delivery["clock_trusted"])
"""

TALK = (
    BEGIN
    + """
from device.core.sealing import Sealer
gc.threshold((gc.mem_alloc() + gc.mem_free()) // 8)  # as device/commands.py
os.mkdir("store")
files = Files("store")
enrol(files, message_of({"message": "bundle"}), seed)
desk = Desk(files, views, lambda n: entropy[:n])
sealer = Sealer(desk.device, b"bootboot", seed)
said = []
def say(kind, body, now):
    with open("said%d" % len(said), "wb") as file:
        file.write(sealer.seal(kind, body, now))
    said.append(kind)
for delivery in about["deliveries"]:
    for _ in range(2):
        verdict = desk.receive(message_of(delivery), delivery["kind"], False, now_of(delivery))
        say(4, verdict, now_of(delivery))
now = now_of(about["deliveries"][-1])
forged = bytearray(message_of(about["deliveries"][0]))
forged[-1] ^= 1
for _ in range(12):
    verdict = desk.receive(bytes(forged), 1, False, now)
say(4, verdict, now)
desk.tick(Now(now.utc_ms, 60005, True))
standing = desk.standing()
desk.note("note", {"text": "a note"}, now)
view = {"verdict": "moved", "since_ms": 1, "latched": True, "lost_permille": 3,
        "move": {"pan_mdeg": -1500, "tilt_mdeg": 3, "roll_mdeg": 0, "zoom_ppm": 1000000,
                 "pan_error_mdeg": 20, "tilt_error_mdeg": 20, "roll_error_mdeg": 30,
                 "zoom_error_ppm": 900}}
report = {"view": view, "signage": {"state": "present", "lit": "lit", "current_ma": 40},
          "health": {"frame_rate_mhz": 1000, "uptime_s": 9, "findings": ["low_contrast"]},
          "lifecycle": standing["lifecycle"], "config_sequence": standing["config_sequence"],
          "config_hash": standing["config_hash"][:8], "ledger_size": standing["ledger_size"],
          "ledger_root": standing["ledger_root"][:16], "refusals": standing["refusals"],
          "last_refusal": standing["last_refusal"]}
say(1, report, now)
say(2, {"event": "camera_struck", "started_ms": 1, "confidence_permille": 900,
        "alarm_method": 5, "alarm_type": 11}, now)
say(3, {"alarm": "view_moved", "since_ms": 1, "detail": "pan -1.50\\u00b0", "alarm_method": 5,
        "alarm_type": 11}, now)
say(5, {"first_sequence": 1, "last_sequence": 2, "lost": 2}, now)
say(6, {"step_ms": -5}, now)
with open("checkpoint", "wb") as file:
    file.write(sealer.seal_checkpoint(desk.checkpoint(now)))
again = Desk(files, views, lambda n: entropy[:n])
told = {"said": said, "same": again.standing() == desk.standing(), "size": again.ledger.size,
        "state": again._state == desk._state}
print(json.dumps(told))
"""
)


def deliveries():
    """The longest way an order of orders takes in the vectors: [(description, message)]."""
    states = DOCUMENT["states"].values()
    described = max(states, key=lambda state: len(state["obeyed_before"]))
    enrolment = Enrolment.decode(bytes.fromhex(described["enrolment"]))
    key = SIGNER.verify_key.raw
    bundle = dataclasses.replace(enrolment, device_algorithm=-19, device_key=key).encode()
    files, rows = {"bundle": bundle}, []
    for index, delivery in enumerate(described["obeyed_before"]):
        files[f"m{index}"] = bytes.fromhex(delivery["message"])
        row = {name: delivery[name] for name in ("utc_s", "clock_trusted")}
        rows.append({**row, "kind": KINDS[delivery["kind"]], "message": f"m{index}"})
    about = {
        "views": DOCUMENT["registered_views"],
        "entropy": DOCUMENT["entropy"],
        "deliveries": rows,
    }
    files["given.json"] = json.dumps(about)
    return files, rows


@needs_micropython
def test_what_a_device_keeps_and_says_is_read_by_the_agents_own_rooms(tmp_path):
    files, rows = deliveries()
    assert len(rows) >= 3
    told = run(TALK, tmp_path, files=files)
    assert told["same"]
    assert told["state"]
    ledger = scan((tmp_path / "store" / "ledger").read_bytes())
    assert ledger.damage is Damage.NONE
    state = DeviceState.from_bytes(SlotStore(tmp_path / "store").load())
    replayed = replay(ledger.records)
    # The count of refusals is no part of the replay; all else is.
    assert dataclasses.replace(replayed.state, refusals=state.refusals) == state
    assert replayed.open_intent is None
    assert replayed.replayed == len(rows)
    lookup = cose.lookup_in([SIGNER.verify_key])
    records = [
        unseal((tmp_path / f"said{index}").read_bytes(), lookup)
        for index in range(len(told["said"]))
    ]
    assert [int(record.kind) for record in records] == told["said"]
    assert [record.header.sequence for record in records] == list(range(1, len(records) + 1))
    reasons = [record.body.reason for record in records[: 2 * len(rows) + 1]]
    assert reasons == ["accepted", "already_applied"] * len(rows) + ["bad_signature"]
    checkpoint = unseal_checkpoint((tmp_path / "checkpoint").read_bytes(), lookup)
    assert checkpoint.size == told["size"] == len(ledger.records)
    assert checkpoint.root == root_of([leaf_hash(record) for record in ledger.records])
    kinds = [entry.kind.value for entry in ledger.entries()]
    assert kinds.count("refused") == 10
    assert kinds.count("refused_many") == 1


CUTS = (
    BEGIN
    + """
"""
    + FLASH
    + """
flash = Flash()
vfs.VfsLfs2.mkfs(flash)
def mount():
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
mount()
files = Files("/flash")
enrol(files, message_of({"message": "bundle"}), seed)
desk = Desk(files, views, lambda n: entropy[:n])
first, second = about["deliveries"][:2]
assert desk.receive(message_of(first), first["kind"], False, now_of(first))["accepted"]
old_state, old_size = court.to_bytes(desk._state), desk.ledger.size
vfs.umount("/flash")
kept = bytes(flash.data)
outcomes, cuts, done = {}, 0, False
while not done:
    flash.data[:] = kept
    mount()
    desk = Desk(files, views, lambda n: entropy[:n])
    flash.left = cuts
    verdict = desk.receive(message_of(second), second["kind"], False, now_of(second))
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
    sequence = [row["sequence"] for row in desk._state["trust"]["rows"]
                if row["kind"] == second["kind"]]
    is_new = court.to_bytes(desk._state) != old_state
    if not verdict["accepted"]:
        assert verdict["reason"] == "store_failed", verdict
    else:
        assert is_new, "acknowledged and forgotten"
    assert desk.ledger.size >= old_size
    # Whatever happened, the order can be given again and then is in force.
    after = desk.receive(message_of(second), second["kind"], False, now_of(second))
    assert after["accepted"], after
    key = "%s,%s" % (verdict["accepted"], is_new)
    outcomes[key] = outcomes.get(key, 0) + 1
    vfs.umount("/flash")
    desk = None
    gc.collect()
    cuts += 1
with open("told.json", "w") as file:
    json.dump({"cuts": cuts, "outcomes": outcomes}, file)
"""
)


@needs_micropython
def test_a_power_cut_at_any_write_of_the_flash_leaves_the_old_state_or_the_new(tmp_path):
    files, _ = deliveries()
    told = run(CUTS, tmp_path, files=files, heap="768K")
    assert told["cuts"] > 10
    assert told["outcomes"].get("False,False", 0) > 0
    assert told["outcomes"].get("True,True", 0) > 0


FULL = (
    BEGIN
    + """
class Full(Files):
    fault = None
    def append(self, name, *parts):
        if self.fault is not None:
            raise self.fault
        super().append(name, *parts)
    def write(self, name, *parts):
        if self.fault is not None and self.slots_too:
            raise self.fault
        super().write(name, *parts)
os.mkdir("store")
files = Full("store")
enrol(files, message_of({"message": "bundle"}), seed)
told = []
first = about["deliveries"][0]
for fault in (OSError(28), MemoryError()):
    for slots_too in (False, True):
        desk = before = verdict = None  # a device never has two desks at once
        gc.collect()
        desk = Desk(files, views, lambda n: entropy[:n])
        before = desk.standing()["config_sequence"], court.to_bytes(desk._state)
        files.fault, files.slots_too = fault, slots_too
        verdict = desk.receive(message_of(first), first["kind"], False, now_of(first))
        told.append(verdict["reason"])
        assert (desk.standing()["config_sequence"], court.to_bytes(desk._state)) == before
        assert desk.store_fault
        files.fault = None
desk = before = verdict = None
gc.collect()
desk = Desk(files, views, lambda n: entropy[:n])
told.append(desk.receive(message_of(first), first["kind"], False, now_of(first))["reason"])
print(json.dumps(told))
"""
)


@needs_micropython
def test_an_order_that_cannot_be_kept_is_refused_and_obeyed_once_it_can(tmp_path):
    files, _ = deliveries()
    told = run(FULL, tmp_path, files=files)
    assert told == ["store_failed"] * 4 + ["accepted"]
