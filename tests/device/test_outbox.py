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
def spool_of(boot):
    return Spool(Files("/flash"), b"boot%04d" % boot, 3 * SEGMENT_BYTES)
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
                spool.done(key)
                gone.append(name_of(said))
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
    lost = sum(row[3] for row in spool.losses)
    outbox = Outbox(spool=spool, late_topic="late")
    found = said_by(outbox)
    assert found == sorted(found), found
    missing = [name for name in [[1, 1], [1, 2], [1, 3]] + safe
               if name not in found and name not in gone]
    # What is not there was counted; what was said and not yet forgotten may be said again.
    assert len(missing) <= lost, (cuts, missing, spool.losses)
    for boot, first, last, count in spool.losses:
        assert count <= last - first + 1
    assert spool.is_empty and not Files("/flash").names(".spool")
    told.append([cut, lost])
    vfs.umount("/flash")
    spool = outbox = None
    gc.collect()
    cuts += 1
tell(cuts=cuts, lost=told[-1][1], most=max(row[1] for row in told))
"""
)


def test_a_power_cut_at_any_write_of_the_flash_loses_nothing_uncounted(tmp_path):
    told = run(CUTS, tmp_path, heap="2M")
    assert told["cuts"] > 100
    assert 0 < told["lost"] < 29


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
for boot, first, last, lost in losses:
    outbox.put_kept("late", b"2-2-gap", "late", 2)
outbox.forget_losses()
again = outbox_of(3)
assert again.losses == []
said = said_by(again)
tell(online=online, silent=silent, writes=writes, wear=wear, held=held, said=said,
     lost=[[lost, first, last] for _, first, last, lost in losses])
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
    assert told["lost"] == [[2, 3, 2]]
    assert told["said"] == [[1, 1], [1, 4], [1, 5], [1, 6]]
    assert told["after"] == [[1, 7], [2, 1]]
