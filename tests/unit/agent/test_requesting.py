"""What a camera gives the desk before it is enrolled."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from viewkeeper.agent.cli import main
from viewkeeper.agent.requesting import write_request
from viewkeeper.agent.settings_file import load
from viewkeeper.protocol.errors import SetupError

SETTINGS = """
[camera]
site = "hefei"
id = "cam-1"
hfov_deg = 60
[source]
kind = "files"
path = "."
[broker]
host = "broker.example"
{tls}
[storage]
dir = "state"
"""
TLS = 'ca_file = "ca.pem"\ncert_file = "cam-1.pem"\nkey_file = "cam-1.key"'


def settings_in(folder: Path, tls: str = TLS) -> Path:
    path = folder / "agent.toml"
    path.write_text(SETTINGS.format(tls=tls))
    return path


def test_the_private_keys_stay_and_the_request_is_for_the_brokers_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    assert main(["request", "--config", str(settings_in(tmp_path)), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"cam-1.device-key", "cam-1.csr"}
    assert str(out / "cam-1.csr") in told
    request = x509.load_pem_x509_csr((out / "cam-1.csr").read_bytes())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=hefei/cam-1"
    key_file = tmp_path / "cam-1.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    assert key.public_key() == request.public_key()
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in out.iterdir())
    assert len(bytes.fromhex((out / "cam-1.device-key").read_text())) == 32


def test_asked_again_it_gives_the_same_keys(tmp_path: Path):
    settings = load(settings_in(tmp_path))
    key, request = write_request(settings, tmp_path / "a")
    again, request_again = write_request(settings, tmp_path / "b")
    assert key.read_bytes() == again.read_bytes()
    first, second = (x509.load_pem_x509_csr(path.read_bytes()) for path in (request, request_again))
    assert first.public_key() == second.public_key()


def test_without_tls_there_is_no_certificate_to_ask_for(tmp_path: Path):
    written = write_request(load(settings_in(tmp_path, tls="")), tmp_path / "out")
    assert [path.name for path in written] == ["cam-1.device-key"]


def test_a_file_in_the_keys_place_is_not_overwritten(tmp_path: Path):
    (tmp_path / "cam-1.key").write_text("something else")
    with pytest.raises(SetupError) as refused:
        write_request(load(settings_in(tmp_path)), tmp_path / "out")
    assert "cam-1.key holds no plain elliptic-curve key" in refused.value.hint
    assert (tmp_path / "cam-1.key").read_text() == "something else"
