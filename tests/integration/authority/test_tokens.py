"""Keys in a token and in a TPM, with SoftHSM and swtpm: made, used, and refused in words."""

import json
import shutil
import socket
import subprocess
import time

import pytest

from tests.support.camera import Camera
from tests.support.spoiling import spoilt
from viewkeeper import secret_file
from viewkeeper.agent.adapters.store import keyfile
from viewkeeper.agent.device_key import open_device_key
from viewkeeper.agent.key_settings import KeySettings, faults_of
from viewkeeper.authority.cli import main
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.records import ClockFix, Header, Record, seal, unseal
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234"


@pytest.fixture
def token(tmp_path, monkeypatch):
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    if shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    # The library reads its settings once a process: every test has its token in one store.
    home = tmp_path.parent / "softhsm"
    (home / "tokens").mkdir(parents=True, exist_ok=True)
    conf = home / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {home}/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    label = tmp_path.name[:32]
    subprocess.run(
        [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--pin",
            PIN,
            "--so-pin",
            "5678",
        ],
        check=True,
        capture_output=True,
    )
    import pkcs11

    pkcs11.lib(MODULE).reinitialize()
    return label


@pytest.fixture
def tpm(tmp_path):
    if shutil.which("swtpm") is None or shutil.which("tpm2_sign") is None:
        pytest.skip("swtpm and tpm2-tools are not installed")
    (tmp_path / "tpm").mkdir()
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        two.bind(("127.0.0.1", port + 1))
    process = subprocess.Popen(
        [
            "swtpm",
            "socket",
            "--tpm2",
            "--tpmstate",
            f"dir={tmp_path}/tpm",
            "--server",
            f"type=tcp,port={port}",
            "--ctrl",
            f"type=tcp,port={port + 1}",
            "--flags",
            "not-need-init,startup-clear",
        ]
    )
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port + 1), 1).close()
            break
        except OSError:
            assert time.monotonic() < deadline, "swtpm does not start"
            time.sleep(0.05)
    yield f"swtpm:host=127.0.0.1,port={port}"
    process.kill()
    process.wait()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "pin"
    path.write_text(PIN + "\n")
    path.chmod(0o600)
    return path


def test_a_root_key_in_a_token_rotates_the_keyset_and_signs_for_a_camera(tmp_path, token, secret):
    desk, key = tmp_path / "desk", str(secret)
    assert main(["init", str(desk), "--person", "Li Wei", "--no-passphrase"]) == 0
    camera = Camera(Desk(desk).keyset)
    enrol = ["camera", "enrol", str(desk), "--camera", w.DEVICE, "--site", w.SITE]
    assert main([*enrol, "--device-key", w.DEVICE_SIGNER.verify_key.raw.hex()]) == 0
    new = ["key", "new", str(desk), "configuration-2", "--person", "Li Wei"]
    new += ["--role", "configuration", "--store", "pkcs11", "--module", MODULE]
    assert main([*new, "--token", token, "--passphrase-file", key]) == 0
    rotate = ["keyset", "rotate", str(desk), "--camera", w.DEVICE, "--add", "configuration-2"]
    assert main([*rotate, "--yes"]) == 2, "not allowed for the role"
    assert main([*rotate, "--allow", "configuration=es256", "--yes"]) == 0
    orders = desk / "cameras" / w.DEVICE / "orders"
    now_s = int(time.time())
    (rotation,) = orders.glob("keyset-*.cose")
    camera.obeys(rotation.read_bytes(), OrderKind.KEYSET, utc_s=now_s)
    (tmp_path / "camera.toml").write_text(example())
    sign = ["config", "sign", str(desk), "--camera", w.DEVICE, "--yes"]
    sign += ["--file", str(tmp_path / "camera.toml"), "--passphrase-file", key]
    assert main([*sign, "--signer", "configuration-2"]) == 0
    (config,) = orders.glob("config-*.cose")
    ruling = camera.obeys(config.read_bytes(), utc_s=now_s)
    assert [entry.algorithm for entry in ruling.signers] == [int(cose.Algorithm.ES256)]


def example():
    from viewkeeper.authority.config_file import EXAMPLE

    return EXAMPLE


def test_a_device_key_in_a_token_is_made_once_and_speaks_for_the_camera(tmp_path, token, secret):
    settings = KeySettings(kind="pkcs11", module=MODULE, token=token, pin_file=str(secret))
    made = open_device_key(settings, tmp_path / "device.key", create=True)
    again = open_device_key(settings, tmp_path / "device.key", create=True)
    assert again.verify_key == made.verify_key
    assert speaks(again)
    missing = KeySettings(
        kind="pkcs11", module=MODULE, token=token, label="nobody", pin_file=str(secret)
    )
    with pytest.raises(SetupError, match="holds no key nobody"):
        open_device_key(missing, tmp_path / "device.key")
    stranger = KeySettings(kind="pkcs11", module=MODULE, token="no such", pin_file=str(secret))
    with pytest.raises(SetupError, match="has no token no such"):
        open_device_key(stranger, tmp_path / "device.key")


def speaks(signer):
    header = Header(
        device=w.DEVICE,
        boot=bytes(8),
        sequence=1,
        utc_ms=1,
        mono_ms=1,
        clock=ClockTrust.FLOOR,
    )
    message = seal(Record(header, ClockFix(step_ms=1)), signer)
    return unseal(message, cose.lookup_in([signer.verify_key])).header == header


def test_a_device_key_in_a_tpm_is_of_use_to_this_tpm_alone(tmp_path, tpm, secret):
    settings = KeySettings(kind="tpm", path=str(tmp_path / "device"), tcti=tpm)
    made = open_device_key(settings, tmp_path / "device.key", create=True)
    assert made.verify_key.algorithm is cose.Algorithm.ES256
    again = open_device_key(settings, tmp_path / "device.key")
    assert again.verify_key == made.verify_key
    assert speaks(again)
    wrapped = tmp_path / "device.tpriv"
    assert wrapped.stat().st_mode & 0o077 == 0
    wrapped.write_bytes(spoilt(wrapped.read_bytes()))
    with pytest.raises(SetupError, match="another TPM"):
        open_device_key(settings, tmp_path / "device.key")


def test_a_signing_key_in_a_tpm_asks_for_its_password(tmp_path, tpm, secret):
    desk = tmp_path / "desk"
    assert main(["init", str(desk), "--person", "Li Wei", "--no-passphrase"]) == 0
    new = ["key", "new", str(desk), "root-9", "--person", "Sun Yan", "--role", "root"]
    new += ["--store", "tpm", "--tcti", tpm, "--passphrase-file", str(secret)]
    assert main(new) == 0
    cabinet = Desk(desk).cabinet
    assert cabinet.asks("root-9")
    signer = cabinet.signer("root-9", lambda _name: PIN.encode())
    assert signer.verify_key.holds(signer.sign(b"x"), b"x")
    with pytest.raises(SetupError, match="wrong password"):
        cabinet.signer("root-9", lambda _name: b"9999")
    assert json.loads((desk / "keys" / "root-9.json").read_text())["store"]["kind"] == "tpm"


def test_a_key_given_by_systemd_is_read_from_its_folder(tmp_path, monkeypatch):
    settings = KeySettings(kind="credential")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SetupError, match="LoadCredentialEncrypted"):
        open_device_key(settings, tmp_path / "unused")
    made = keyfile.create(tmp_path / "device.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert open_device_key(settings, tmp_path / "unused").verify_key == made.verify_key


def test_settings_that_name_no_place_are_named():
    assert faults_of(KeySettings()) == []
    assert "one of file, credential" in faults_of(KeySettings(kind="cloud"))[0]
    assert "pin_file" in faults_of(KeySettings(kind="pkcs11", module=MODULE))[0]


def test_a_secret_that_others_may_read_is_not_used(tmp_path):
    path = tmp_path / "pin"
    path.write_text("1234\n")
    path.chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        secret_file.read_secret(path)
    path.chmod(0o600)
    assert secret_file.read_secret(path) == b"1234"
    path.write_text("")
    with pytest.raises(SetupError) as caught:
        secret_file.read_secret(path)
    assert caught.value.reason is Reason.SETTING
