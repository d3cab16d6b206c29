"""Registered views, by hash, and sealed."""

import hashlib
import os

import pytest

from viewkeeper.agent.adapters.store.disk import Disk
from viewkeeper.agent.adapters.store.vault import is_sealed
from viewkeeper.agent.adapters.store.views import KEY, ViewStore
from viewkeeper.protocol.errors import Reason, SetupError

DRAWING = b"the outlines of a street, " * 40


def test_a_view_is_found_by_its_hash(tmp_path):
    store = ViewStore(tmp_path / "views")
    assert store.known() == frozenset()
    digest = store.add(b"a view")
    assert digest == hashlib.sha256(b"a view").digest()
    for each in (store, ViewStore(tmp_path / "views")):
        assert each.known() == {digest}
        assert each.load(digest) == b"a view"


def test_a_view_that_was_changed_is_not_known_any_more(tmp_path):
    digest = ViewStore(tmp_path / "views").add(b"a view")
    (tmp_path / "views" / f"{digest.hex()}.view").write_bytes(b"another")
    (tmp_path / "views" / "notes.view").write_bytes(b"")
    store = ViewStore(tmp_path / "views")
    assert store.known() == frozenset()
    with pytest.raises(SetupError) as caught:
        store.load(digest)
    assert caught.value.reason is Reason.STATE_DAMAGED
    with pytest.raises(SetupError) as caught:
        store.load(bytes(32))
    assert caught.value.reason is Reason.FILE_MISSING


def test_nothing_of_a_view_is_on_the_disk_but_noise(tmp_path):
    store = ViewStore(tmp_path / "views")
    digest = store.add(DRAWING)
    store.keep_learned(DRAWING)
    files = list((tmp_path / "views").iterdir())
    assert len(files) == 2
    for path in files:
        data = path.read_bytes()
        assert is_sealed(data)
        assert all(DRAWING[at : at + 5] not in data for at in range(26))
        assert len(set(data[17:])) > 200  # of 1,040 bytes of noise
    assert files[0].read_bytes() != files[1].read_bytes()
    assert os.stat(tmp_path / KEY).st_mode & 0o777 == 0o600
    assert ViewStore(tmp_path / "views").learned() == {digest: DRAWING}


@pytest.mark.parametrize("loss", ["no key", "another key", "half a key", "a changed file"])
def test_what_cannot_be_opened_is_not_known_and_the_cure_is_said(tmp_path, loss):
    digest = ViewStore(tmp_path / "views").add(DRAWING)
    ViewStore(tmp_path / "views").keep_learned(DRAWING)
    key = tmp_path / KEY
    if loss == "no key":
        key.unlink()
    elif loss == "another key":
        key.write_bytes(bytes(32))
    elif loss == "half a key":
        key.write_bytes(key.read_bytes()[:16])
    else:
        for path in (tmp_path / "views").iterdir():
            data = bytearray(path.read_bytes())
            data[-1] ^= 1
            path.write_bytes(bytes(data))
    store = ViewStore(tmp_path / "views")
    assert store.known() == frozenset()
    assert store.learned() == {digest: b""}
    with pytest.raises(SetupError) as caught:
        store.load(digest)
    assert str(key) in caught.value.hint


def test_a_file_cannot_be_given_the_name_of_another(tmp_path):
    store = ViewStore(tmp_path / "views")
    one, other = store.add(b"one"), store.add(b"other")
    files = tmp_path / "views"
    (files / f"{one.hex()}.view").write_bytes((files / f"{other.hex()}.view").read_bytes())
    assert ViewStore(files).known() == {other}


def test_a_key_that_others_may_read_is_not_used(tmp_path):
    store = ViewStore(tmp_path / "views")
    digest = store.add(b"a view")
    (tmp_path / KEY).chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        ViewStore(tmp_path / "views").load(digest)


def test_files_of_versions_that_did_not_seal_are_read_and_sealed(tmp_path):
    views = tmp_path / "views"
    views.mkdir()
    digest = hashlib.sha256(DRAWING).digest()
    for suffix in ("view", "learned"):
        (views / f"{digest.hex()}.{suffix}").write_bytes(DRAWING)
    (views / f"{bytes(32).hex()}.view").write_bytes(b"not what its name says")
    store = ViewStore(views)
    assert store.known() == {digest}
    assert store.seal_old() == 2
    assert store.seal_old() == 0
    for suffix in ("view", "learned"):
        assert is_sealed((views / f"{digest.hex()}.{suffix}").read_bytes())
    assert ViewStore(views).load(digest) == DRAWING
    assert ViewStore(views).learned() == {digest: DRAWING}


def test_power_lost_while_the_key_is_written_costs_the_key_and_not_the_store(tmp_path):
    class Cut(Disk):
        def rename(self, source, target):
            raise OSError(5, "power is gone")

    with pytest.raises(OSError, match="power is gone"):
        ViewStore(tmp_path / "views", Cut()).add(b"a view")
    store = ViewStore(tmp_path / "views")
    digest = store.add(b"a view")
    assert ViewStore(tmp_path / "views").load(digest) == b"a view"
