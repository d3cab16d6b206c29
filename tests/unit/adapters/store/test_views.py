"""Registered views, by hash."""

import hashlib

import pytest

from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.protocol.errors import Reason, SetupError


def test_a_view_is_found_by_its_hash(tmp_path):
    store = ViewStore(tmp_path / "views")
    assert store.known() == frozenset()
    digest = store.add(b"a view")
    assert digest == hashlib.sha256(b"a view").digest()
    for each in (store, ViewStore(tmp_path / "views")):
        assert each.known() == {digest}
        assert each.load(digest) == b"a view"


def test_a_view_that_was_changed_is_not_known_any_more(tmp_path):
    digest = ViewStore(tmp_path).add(b"a view")
    (tmp_path / f"{digest.hex()}.view").write_bytes(b"another")
    (tmp_path / "notes.view").write_bytes(b"")
    store = ViewStore(tmp_path)
    assert store.known() == frozenset()
    with pytest.raises(SetupError) as caught:
        store.load(digest)
    assert caught.value.reason is Reason.STATE_DAMAGED
    with pytest.raises(SetupError) as caught:
        store.load(bytes(32))
    assert caught.value.reason is Reason.FILE_MISSING
