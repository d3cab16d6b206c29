"""Two slots: old or new, never neither."""

import pytest

from tests.support.power import FailingDisk, PowerCutError
from viewkeeper.agent.adapters.store.slots import SlotStore
from viewkeeper.protocol.errors import Reason, SetupError


def operations_of_a_save(tmp_path):
    disk = FailingDisk()
    SlotStore(tmp_path, disk).save(b"x")
    return disk.count


def test_what_is_saved_is_loaded(tmp_path):
    store = SlotStore(tmp_path)
    assert store.is_empty
    for value in (b"", b"one", b"two", bytes(10_000)):
        store.save(value)
        assert SlotStore(tmp_path).load() == value


def test_an_empty_store_says_what_to_do(tmp_path):
    with pytest.raises(SetupError) as caught:
        SlotStore(tmp_path).load()
    assert caught.value.reason is Reason.FILE_MISSING


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("after", [False, True])
def test_a_power_cut_at_any_operation_leaves_old_or_new(tmp_path, share, after):
    count = operations_of_a_save(tmp_path)
    for cut in range(count):
        home = tmp_path / f"{cut}"
        home.mkdir()
        SlotStore(home).save(b"older")
        SlotStore(home).save(b"old")
        with pytest.raises(PowerCutError):
            SlotStore(home, FailingDisk(cut, share=share, after=after)).save(b"new")
        assert SlotStore(home).load() in (b"old", b"new")
        SlotStore(home).save(b"next")
        assert SlotStore(home).load() == b"next"


@pytest.mark.parametrize("damage", [b"", b"VKSLOT1\n", bytes(200)])
def test_one_bad_slot_leaves_the_other(tmp_path, damage):
    store = SlotStore(tmp_path)
    store.save(b"old")
    store.save(b"new")
    newest = max(tmp_path.iterdir(), key=lambda path: path.read_bytes()[8:16])
    newest.write_bytes(damage)
    assert SlotStore(tmp_path).load() == b"old"
    SlotStore(tmp_path).save(b"next")
    assert SlotStore(tmp_path).load() == b"next"


def test_any_flipped_bit_spoils_a_slot(tmp_path):
    store = SlotStore(tmp_path)
    store.save(b"only")
    path = tmp_path / "state-a"
    good = path.read_bytes()
    for bit in range(len(good) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(bad)
        with pytest.raises(SetupError) as caught:
            SlotStore(tmp_path).load()
        assert caught.value.reason is Reason.STATE_DAMAGED


def test_state_is_for_its_owner_alone(tmp_path):
    SlotStore(tmp_path).save(b"x")
    assert (tmp_path / "state-a").stat().st_mode & 0o077 == 0
