"""Several people, each with a key of their own."""

import time
from pathlib import Path

import pytest

from viewkeeper.agent.core.device_state import DeviceState, adjudicate
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.authority.cli import main
from viewkeeper.authority.config_file import EXAMPLE
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind, Role

CONFIGURATION = ["--person", "He Ping", "--role", "configuration"]
KEY = w.DEVICE_SIGNER.verify_key.raw.hex()


@pytest.fixture
def desk(tmp_path):
    path = str(tmp_path / "desk")
    people = ["--person", "Wang Fang", "--person", "He Ping", "--person", "Xu Dan"]
    assert main(["init", path, *people, "--no-passphrase"]) == 0
    enrol = ["camera", "enrol", path, "--camera", "cam-1", "--site", "x", "--device-key", KEY]
    assert main(enrol) == 0
    return path


def judged(state, message, kind):
    return adjudicate(
        state,
        message,
        kind,
        retained=False,
        now=Now(int(time.time()) + 1, True),
        known_views=frozenset(),
        entropy=bytes(16),
    )


def state_of(desk):
    bundle = Desk(tmp_desk(desk)).enrolment_file("cam-1").read_bytes()
    return DeviceState.enrolled(Enrolment.decode(bundle))


def tmp_desk(desk):
    from pathlib import Path

    return Path(desk)


def draft(desk, out):
    return main(
        [
            *["grant", "draft", desk, "--camera", "cam-1", "--approver", "Wang Fang"],
            *["--officer", "He Ping", "--officer", "Xu Dan", "--purpose", "collision"],
            *["--destination", "file 7", "--approval", "A 7", "--nonce", "00" * 16],
            *["--footage-from", "2026-11-18T14:00+08:00"],
            *["--footage-to", "2026-11-18T15:00+08:00", "--out", str(out)],
        ]
    )


def test_three_people_make_one_grant(desk, tmp_path, capsys):
    paper, order = tmp_path / "grant.draft", tmp_path / "grant.cose"
    assert draft(desk, paper) == 0
    shares = []
    for name in ("approval", "access-1", "access-2"):
        shares.append(str(tmp_path / f"{name}.share"))
        words = ["order", "sign", desk, str(paper), "--signer", name, "--out", shares[-1], "--yes"]
        assert main(words) == 0
    assert main(["order", "combine", desk, str(paper), *shares, "--out", str(order)]) == 0
    state = state_of(desk)
    ask = ["command", "sign", desk, "--camera", "cam-1", "--name", "new_nonce", "--yes"]
    assert main([*ask, "--out", str(tmp_path / "ask.cose")]) == 0
    state = judged(state, (tmp_path / "ask.cose").read_bytes(), OrderKind.COMMAND).next_state
    assert judged(state, order.read_bytes(), OrderKind.GRANT).accepted
    other = tmp_path / "other.draft"
    capsys.readouterr()
    time.sleep(1.1)
    assert draft(desk, other) == 0
    assert main(["order", "combine", desk, str(other), *shares]) == 2
    assert "another draft" in capsys.readouterr().err


def test_a_rotation_removes_a_key_and_adds_another(desk):
    assert (
        main(
            [
                "key",
                "new",
                desk,
                "spare",
                "--person",
                "Qian Yu",
                "--role",
                "configuration",
                "--no-passphrase",
            ]
        )
        == 0
    )
    rotate = ["keyset", "rotate", desk, "--camera", "cam-1", "--yes"]
    assert main([*rotate, "--add", "spare", "--remove", "configuration", "--new-epoch"]) == 0
    (path,) = (tmp_desk(desk) / "cameras/cam-1/orders").glob("keyset-*.cose")
    ruling = judged(state_of(desk), path.read_bytes(), OrderKind.KEYSET)
    assert ruling.reason is Reason.ACCEPTED, ruling.detail
    assert ruling.next_state.trust.keyset.epoch == 1
    assert {key.person for key in ruling.next_state.trust.keyset.keys} >= {"Qian Yu"}


def test_a_configuration_is_drafted_signed_at_two_desks_and_combined(desk, tmp_path):
    assert main(["key", "new", desk, "configuration-2", *CONFIGURATION, "--no-passphrase"]) == 0
    (tmp_path / "c.toml").write_text(EXAMPLE, encoding="utf-8")
    sign = ["config", "sign", desk, "--camera", "cam-1", "--file", str(tmp_path / "c.toml")]
    draft_file = str(tmp_path / "c.draft")
    assert main([*sign, "--draft", draft_file]) == 0
    assert main([*sign, "--draft", draft_file]) == 2, "a draft is never overwritten"
    shares = []
    for name in ("configuration", "configuration-2"):
        shares.append(str(tmp_path / f"{name}.share"))
        share = ["order", "sign", desk, draft_file, "--signer", name, "--out", shares[-1]]
        assert main([*share, "--yes"]) == 0
    out = tmp_path / "c.cose"
    combine = ["order", "combine", desk, draft_file]
    assert main([*combine, *shares, "--out", str(out)]) == 2, "a key no keyset names"
    rotate = ["keyset", "rotate", desk, "--camera", "cam-1", "--add", "configuration-2"]
    assert main([*rotate, "--draft", str(tmp_path / "k.draft")]) == 0
    roots = []
    for name in ("root-1", "root-2"):
        roots.append(str(tmp_path / f"{name}.share"))
        share = ["order", "sign", desk, str(tmp_path / "k.draft"), "--signer", name]
        assert main([*share, "--out", roots[-1], "--yes"]) == 0
    rotation = tmp_path / "k.cose"
    joined = ["order", "combine", desk, str(tmp_path / "k.draft"), *roots]
    assert main([*joined, "--out", str(rotation)]) == 0
    assert Desk(tmp_desk(desk)).keyset.version == 2
    assert main([*combine, *shares, "--out", str(out)]) == 0
    ruling = judged(state_of(desk), rotation.read_bytes(), OrderKind.KEYSET)
    assert ruling.next_state is not None, ruling.detail
    ruling = judged(ruling.next_state, out.read_bytes(), OrderKind.CONFIG)
    assert sorted(entry.person for entry in ruling.signers) == ["He Ping", "Wang Fang"]


def test_a_recorders_public_key_is_taken_for_the_witness(desk, capsys):
    recorder = w.signer("recorder").verify_key
    take = ["key", "import", desk, "recorder", "--person", "recorder", "--role", "witness"]
    assert main([*take, "--public", recorder.raw.hex()]) == 0
    assert main(["keyset", "rotate", desk, "--camera", "cam-1", "--add", "recorder", "--yes"]) == 0
    rows = [entry for entry in Desk(tmp_desk(desk)).keyset.keys if entry.person == "recorder"]
    assert [entry.raw for entry in rows] == [recorder.raw]
    capsys.readouterr()
    assert main(["key", "show", desk]) == 0
    assert "elsewhere" in capsys.readouterr().out
    with pytest.raises(SetupError, match="not at this desk"):
        Desk(tmp_desk(desk)).cabinet.signer("recorder")


def test_a_role_takes_as_many_persons_as_a_new_keyset_says(desk, capsys):
    assert Desk(desk_path := Path(desk)).persons_needed(Role.UPDATE) == 2
    rotate = ["keyset", "rotate", desk, "--camera", "cam-1", "--yes"]
    assert main([*rotate, "--threshold", "update=some"]) == 2
    assert "--threshold update=1" in capsys.readouterr().err
    assert main([*rotate, "--threshold", "update=3"]) == 0
    assert Desk(desk_path).persons_needed(Role.UPDATE) == 3
    assert len(Desk(desk_path).signers_for(Role.UPDATE)) == 3
