"""One reader for every secret: what others may read is not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import read_secret, read_secret_text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_bytes("Prüfung\r\nsecond line\n".encode())
    path.chmod(0o600)
    return path


def test_the_first_line_is_the_secret(file: Path) -> None:
    assert read_secret_text(file) == "Prüfung"
    assert read_secret(file) == "Prüfung".encode()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_what_others_may_read_or_write_is_not_used(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(SetupError, match="chmod 600") as caught:
        read_secret(file)
    assert caught.value.reason is Reason.SETTING


def test_what_is_no_secret_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no such file"):
        read_secret(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(SetupError):
        read_secret(tmp_path / "link")
    with pytest.raises(SetupError):
        read_secret(tmp_path)
    file.write_bytes(b"\nsecond")
    with pytest.raises(SetupError, match="empty"):
        read_secret(file)
    file.write_bytes(b"\xff\n")
    with pytest.raises(SetupError, match="as text"):
        read_secret_text(file)
