"""What a device has to say outlasts power cuts, in order, within a bounded piece of flash."""

import pytest

from tests.device.flash import FLASH
from tests.device.runner import needs_micropython, run

pytestmark = [needs_micropython, pytest.mark.timeout(240)]

BEGIN = (
    FLASH
    + """
import gc, json
from device.net.outbox import Outbox
from device.store.files import Files
from device.store.spool import Spool, SEGMENT_BYTES
def tell(**told):
    with open("told.json", "w") as file:
        json.dump(told, file)
def record(boot, number):
    return b"%d-%d-" % (boot, number) + bytes(600)
def name_of(record):
    return [int(part) for part in bytes(record[:20]).split(b"-")[:2]]
def said_by(outbox):
    # All that comes back, each acknowledged at once.
    outbox.connection_made()
    said = []
    while outbox.recall() or outbox._rows:
        row = outbox.next_to_send()
        assert row.topic == "late" and not row.retain
        said.append(name_of(row.payload))
        assert outbox.acknowledge(row.packet_id)
    return said
"""
)

CUTS = (
    BEGIN
    + """
Flash.size, Flash.count = 4096, 24
flash = Flash()
vfs.VfsLfs2.mkfs(flash)
def mount():
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
receipts = RECEIPTS
def spool_of(boot):
    return Spool(Files("/flash"), b"boot%04d" % boot, 3 * SEGMENT_BYTES, receipts)
mount()
spool = spool_of(1)
spool.append([(n, record(1, n)) for n in range(1, 4)], [False] * 3)
vfs.umount("/flash")
kept = bytes(flash.data)
told, cuts, done = [], 0, False
while not done:
    flash.data[:] = kept
    mount()
    spool, safe, gone, cut = spool_of(2), [], [], False
    flash.left = cuts
    try:
        for n in range(4, 30):  # more than three files hold
            spool.append([(n, record(2, n))], [False])
            safe.append([2, n])
            if n % 4 == 0:
                key, said = spool.next()
                boot, number = name_of(said)
                if receipts:
                    assert spool.confirm({(b"boot%04d" % boot, number), (b"nobody..", 3)})
                else:
                    spool.done(key)
                gone.append([boot, number])
    except OSError:
        cut = True
    done, flash.left = not cut, None
    try:
        vfs.umount("/flash")
    except OSError:
        pass
    spool = None
    gc.collect()
    mount()
    spool = spool_of(3)
    lost = sum(row[3] + row[4] for row in spool.losses)
    had = sum(row[4] for row in spool.losses)
    outbox = Outbox(spool=spool, late_topic="late", boot=b"boot0003" if receipts else None)
    found = said_by(outbox)
    if receipts:
        assert outbox.size_bytes == 0 and spool.is_said and not spool.is_empty
        outbox.confirm({(b"boot%04d" % boot, number) for boot, number in found})
    assert found == sorted(found), found
    missing = [name for name in [[1, 1], [1, 2], [1, 3]] + safe
               if name not in found and name not in gone]
    # What is not there was counted; what was said and not yet forgotten may be said again.
    assert len(missing) <= lost, (cuts, missing, spool.losses)
    for boot, first, last, nobody, broker in spool.losses:
        assert nobody + broker <= last - first + 1
    assert spool.is_empty and not Files("/flash").names(".spool")
    told.append([cut, lost])
    vfs.umount("/flash")
    spool = outbox = None
    gc.collect()
    cuts += 1
tell(cuts=cuts, lost=told[-1][1], had=had)
"""
)


@pytest.mark.parametrize("receipts", [False, True])
def test_a_power_cut_at_any_write_of_the_flash_loses_nothing_uncounted(tmp_path, receipts):
    told = run(CUTS.replace("RECEIPTS", str(receipts)), tmp_path, heap="2M")
    assert told["cuts"] > 100
    assert 0 < told["lost"] < 29
    assert told["had"] == 0  # what gave way was not said yet


OUTAGE = (
    BEGIN
    + """
Flash.size, Flash.count = 4096, 24
erased = []
class Counting(Flash):
    def ioctl(self, what, block):
        if what == 6:
            erased.append(block)
        return Flash.ioctl(self, what, block)
flash = Counting()
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
files = Files("/flash")
def outbox_of(boot):
    return Outbox(spool=Spool(files, b"boot%04d" % boot, 16384), late_topic="late")
outbox = outbox_of(1)
# With a line nothing is written.
outbox.connection_made()
outbox.put_kept("event", record(1, 1), "late", 1)
outbox.settle(0)
row = outbox.next_to_send()
assert row.topic == "event"
outbox.settle(4000)
online = len(files.names(".spool"))
# A broker that says nothing for seconds: written, and still on its way once.
outbox.settle(6000)
silent = len(files.names(".spool"))
assert not outbox.recall()
outbox.acknowledge(row.packet_id)
assert not files.names(".spool")
# Without a line: the first at once, the others by tens of seconds.
outbox.connection_lost()
del erased[:]
writes = 0
for second in range(600):
    outbox.put_kept("event", record(1, 2 + second), "late", 2 + second)
    before = len(outbox)
    outbox.settle(20000 + 1000 * second)
    writes += len(outbox) < before
    if second == 0:
        assert len(outbox) == 0
wear = len(erased) / writes
held = sum(files.size(name) for name in files.names(".spool"))
outbox = None  # the power goes
outbox = outbox_of(2)
losses = outbox.losses
outbox.put_kept("event", record(2, 1), "late", 1)
outbox.connection_made()
for boot, first, last, lost, unconfirmed in losses:
    assert not unconfirmed
    outbox.put_kept("late", b"2-2-gap", "late", 2)
outbox.forget_losses()
again = outbox_of(3)
assert again.losses == []
said = said_by(again)
tell(online=online, silent=silent, writes=writes, wear=wear, held=held, said=said,
     lost=[[lost, first, last] for _, first, last, lost, _ in losses])
"""
)


def test_an_outage_is_written_seldom_replayed_in_order_and_its_loss_is_counted(tmp_path):
    told = run(OUTAGE, tmp_path, heap="2M")
    assert (told["online"], told["silent"]) == (0, 1)
    assert told["writes"] == 60
    assert told["wear"] <= 4  # erases a write: a block's copy, and the folder's now and then
    assert told["held"] <= 16384
    [[lost, first, last]] = told["lost"]
    assert (first, last) == (2, 1 + lost)
    kept = [number for boot, number in told["said"] if boot == 1]
    assert kept == list(range(last + 1, last + 1 + len(kept)))
    assert len(kept) >= 16
    # Ten seconds of RAM are what a power cut takes.
    assert 600 - lost - len(kept) < 10
    assert told["said"][-2:] == [[2, 1], [2, 2]]


FULL = (
    BEGIN
    + """
import os
class Full(Files):
    fault = None
    def append(self, name, data):
        if self.fault is not None:
            super().append(name, data[:len(data) // 2])
            raise self.fault
        super().append(name, data)
os.mkdir("store")
files = Full("store")
outbox = Outbox(max_kept=3, spool=Spool(files, b"boot0001"), late_topic="late")
outbox.put_kept("event", record(1, 1), "late", 1)
outbox.settle(0)
files.fault = OSError(28)
for n in range(2, 7):
    outbox.put_kept("event", record(1, n), "late", n)
    outbox.settle(20000 * n)
fault, lost = outbox.fault, outbox.losses
files.fault = None
outbox.settle(200000)
assert outbox.fault is None
said = said_by(outbox)
# A file that ends torn, as after a power cut elsewhere than on LittleFS.
outbox.connection_lost()
for n in (7, 8):
    outbox.put_kept("event", record(1, n), "late", n)
    outbox.settle(300000 + 20000 * n)
name = files.names(".spool")[0]
files.cut(name, files.size(name) - 5)
outbox = Outbox(spool=Spool(files, b"boot0002"), late_topic="late")
outbox.put_kept("event", record(2, 1), "late", 1)
outbox.settle(0)
tell(fault=fault, said=said, after=said_by(outbox), lost=[row[1:] for row in lost])
"""
)


def test_a_storage_that_takes_nothing_leaves_the_newest_in_memory(tmp_path):
    told = run(FULL, tmp_path, heap="1M")
    assert "28" in told["fault"]
    assert told["lost"] == [[2, 3, 2, 0]]
    assert told["said"] == [[1, 1], [1, 4], [1, 5], [1, 6]]
    assert told["after"] == [[1, 7], [2, 1]]


RECEIPTS = (
    BEGIN
    + """
import os
os.mkdir("store")
files = Files("store")
BOOT = b"boot0001"
def outbox_of():
    spool = Spool(files, BOOT, 3 * SEGMENT_BYTES, True)
    return Outbox(spool=spool, late_topic="late", boot=BOOT)
def put(*numbers):
    for n in numbers:
        outbox.put_kept("event", record(1, n), "late", n)
def said(confirm=()):
    # All that goes out now, each acknowledged at once.
    told = []
    row = outbox.next_to_send()
    while row is not None or outbox.recall():
        if row is not None:
            told.append([row.topic, name_of(row.payload)[1]])
            assert outbox.acknowledge(row.packet_id)
        row = outbox.next_to_send()
    outbox.confirm({(BOOT, n) for n in confirm})
    return told
def kept():
    return len(files.names(".spool"))
outbox = outbox_of()
outbox.connection_made()
# Receipts that come soon cost the flash nothing, also one that overtakes its PUBACK.
put(1, 2)
assert said() == [["event", 1], ["event", 2]] and len(outbox) == 2 and not said()
outbox.confirm({(BOOT, 1), (BOOT, 2), (b"otherone", 1)})
put(3)
row = outbox.next_to_send()
outbox.confirm({(BOOT, 3)})
assert len(outbox) == 1 and outbox.acknowledge(row.packet_id)
outbox.settle(60000)
assert not len(outbox) and not kept()
# What a broker has and no recorder is on flash in seconds, and is said on the next connection.
put(4, 5)
assert len(said()) == 2
outbox.settle(100000)
outbox.settle(106000)
assert not len(outbox) and kept() and not said()
outbox.connection_lost()
outbox.connection_made()
assert said(confirm=[4]) == [["late", 4], ["late", 5]]
# On the same connection after five minutes, and then in twice that and so on up to six hours.
outbox.settle(200000)
now, gaps, before = 200000, [], 200000
for _ in range(9):
    while not said():
        now += 20000
        outbox.settle(now)
    gaps.append((now - before) // 1000)
    before = now
# A receipt says that there is a recorder: what it lacks then comes within five minutes.
put(6)
assert said(confirm=[6]) == [["event", 6]]
now += 1000
outbox.settle(now)
later = now
while not said():
    now += 10000
    outbox.settle(now)
soon = (now - later) // 1000
# After a power cut the files that are left are said, and no new connection adds to it for ever.
outbox = outbox_of()
again = []
for _ in range(5):
    outbox.connection_made()
    again.append(said())
    outbox.connection_lost()
outbox.connection_made()
outbox.confirm({(BOOT, 4), (BOOT, 5)})
assert outbox._spool.is_empty and not kept()
outbox.connection_lost()
# More than the ring holds: what a broker had and what nobody has are told apart.
outbox.connection_made()
put(*range(10, 14))
assert len(said()) == 4
outbox.settle(now + 20000)
outbox.connection_lost()
for n in range(14, 40):
    put(n)
    outbox.settle(now + 30000 + 20000 * n)
lost = [list(row[1:]) for row in outbox.losses]
outbox = outbox_of()
outbox.connection_made()
left = [n for _, n in said()]
outbox.confirm({(BOOT, n) for n in left})
tell(gaps=gaps, soon=soon, again=again, lost=lost, left=left, kept=kept())
"""
)


def test_a_record_is_the_devices_until_a_receipt_names_it(tmp_path):
    told = run(RECEIPTS, tmp_path, heap="1M")
    assert told["gaps"] == [300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600]
    assert told["soon"] == 300
    assert told["again"] == [[["late", 4], ["late", 5]]] * 2 + [[]] * 3
    [[first, last, lost, unconfirmed]] = told["lost"]
    assert (first, unconfirmed) == (10, 4)
    assert told["left"] == list(range(last + 1, 40))
    assert lost == last - 13
    assert told["kept"] == 0
