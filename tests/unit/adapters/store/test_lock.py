import pytest

from viewkeeper.agent.adapters.store.lock import FolderLock
from viewkeeper.protocol.errors import SetupError


def test_a_folder_has_one_holder_at_a_time(tmp_path):
    with (
        FolderLock(tmp_path / "state"),
        pytest.raises(SetupError, match="in use by a running agent"),
    ):
        FolderLock(tmp_path / "state")
    with FolderLock(tmp_path / "state"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be used"):
        FolderLock(tmp_path / "file" / "state")
