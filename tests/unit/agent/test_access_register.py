"""Looks at footage: entered once, held against the grants, answered, audited."""

import dataclasses
import threading

import pytest

from viewkeeper.agent.access_register import LookFolder
from viewkeeper.agent.adapters.store.witness_file import WitnessStore
from viewkeeper.agent.app import Storage
from viewkeeper.agent.cli import main
from viewkeeper.agent.core.ledger.entries import Entry, EntryKind, record_hash
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.enrolling import enrol, open_desk
from viewkeeper.agent.inspection import export_bundle
from viewkeeper.agent.locked_desk import LockedDesk
from viewkeeper.agent.ports import ClockReading
from viewkeeper.authority.audit.bundle import read_bundle
from viewkeeper.authority.audit.checks import Answer, audit
from viewkeeper.authority.audit.wording import as_text
from viewkeeper.protocol.access import Look
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover, ClockTrust, OrderKind, Role
from viewkeeper.protocol.witnessing import countersign

NOW = Now(w.START_S + 7200, True)
READING = ClockReading(float(NOW.utc_s), 1.0, ClockTrust.SYNCHRONISED)
RECORDER = w.Person("recorder", "recorder hefei", (Role.WITNESS,))
KEYSET = w.keyset(entries=[*(person.entry() for person in w.STAFF), RECORDER.entry()])


@pytest.fixture
def home(tmp_path):
    directory = tmp_path / "camera"
    directory.mkdir()
    enrol(directory, w.enrolment(KEYSET).encode(), w.DEVICE_SIGNER)
    return directory


def granted(desk):
    ask = w.signed(w.order(w.command("new_nonce")), w.OFFICER_HE, w.OFFICER_XU)
    assert desk.receive(ask, OrderKind.COMMAND, retained=False, now=NOW).accepted
    grant = w.signed(
        w.order(w.grant(nonce=desk.state.access_nonce)), w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU
    )
    return desk.receive(grant, OrderKind.GRANT, retained=False, now=NOW).order_hash


def look(grant=None):
    return Look(
        act=AccessAct.VIEWED,
        persons=("He Ping", "Xu Dan"),
        purpose="collision",
        from_s=w.START_S,
        to_s=w.START_S + 60,
        destination="viewing room",
        grant=grant,
    )


def test_a_grant_that_was_obeyed_is_an_entry_once(home):
    desk = open_desk(home)
    digest = granted(desk)
    (entry,) = desk.looks.take_granted()
    assert (entry.act, entry.grant, entry.approver) == (AccessAct.GRANTED, digest, "Gao Shan")
    record = list(desk.ledger.records())[entry.entry]
    assert Entry.decode(record).kind is EntryKind.INTENT
    assert record_hash(record) == entry.entry_hash
    assert desk.looks.take_granted() == []


def test_a_declared_look_is_entered_and_answered_and_survives_a_restart(home):
    desk = open_desk(home)
    digest = granted(desk)
    folder = LookFolder(Storage(home).looks)
    locked = LockedDesk(desk, Storage(home).views, WitnessStore(home / "witness"))
    names = [folder.declare(look(digest)), folder.declare(look())]
    entered = locked.enter_looks(folder, READING)
    assert [each.cover for each in entered] == [
        AccessCover.GRANT,
        AccessCover.GRANT,
        AccessCover.NO_GRANT,
    ]
    assert list(folder.waiting()) == []
    assert [folder.answer(name, 0) for name in names] == entered[1:]
    desk.ledger.close()
    again = open_desk(home)
    assert again.looks.enter(names[1], look(), NOW) == entered[2], "brought twice, entered once"
    assert again.state.grants is not None


def test_a_look_that_does_not_read_is_put_aside(home):
    folder = LookFolder(Storage(home).looks)
    name = folder.declare(look())
    (Storage(home).looks / f"{name}.look").write_bytes(b"junk")
    locked = LockedDesk(open_desk(home), Storage(home).views, WitnessStore(home / "witness"))
    assert locked.enter_looks(folder, READING) == []
    assert list(folder.waiting()) == []


def test_an_audit_names_looks_without_a_grant_and_believes_the_witness(home, tmp_path):
    desk = open_desk(home)
    digest = granted(desk)
    desk.looks.enter("a", look(digest), NOW)
    said = countersign(desk.checkpoint(NOW), RECORDER.signer, seen_ms=1, proven=False)

    def answers(name, witness):
        path = tmp_path / f"{name}.zip"
        export_bundle(
            path, desk.ledger, device=w.DEVICE, signer=w.DEVICE_SIGNER, now=NOW, witness=witness
        )
        found = audit(read_bundle(path), w.DEVICE_SIGNER.verify_key, frozenset())
        return {check.id: check.answer for check in found.checks}, as_text(found, "zh")

    told, _ = answers("good", [said])
    assert (told["looks"], told["witness"]) == (Answer.YES, Answer.YES)
    desk.looks.enter("b", look(), NOW)
    told, text = answers("bare", [said])
    assert told["looks"] is Answer.NO
    assert "viewing room [no_grant]" in text
    larger = dataclasses.replace(desk.checkpoint(NOW), size=99)
    told, _ = answers("cut", [countersign(larger, RECORDER.signer, seen_ms=1, proven=False)])
    assert told["witness"] is Answer.NO
    stranger = countersign(desk.checkpoint(NOW), w.CONFIG_LI.signer, seen_ms=1, proven=False)
    told, _ = answers("stranger", [stranger])
    assert told["witness"] is Answer.NO


SETTINGS = """
[camera]
site = "hefei-1"
id = "cam-17"
hfov_deg = 60
[source]
kind = "files"
path = "frames"
[broker]
host = "localhost"
[storage]
dir = "camera"
"""


def command(tmp_path, *more):
    (tmp_path / "agent.toml").write_text(SETTINGS, encoding="utf-8")
    return main(
        [
            *("access", "--config", str(tmp_path / "agent.toml"), "--act", "viewed"),
            *("--person", "He Ping", "--purpose", "collision", "--destination", "viewing room"),
            *("--footage-from", "2026-11-18T14:00+08:00"),
            *("--footage-to", "2026-11-18T15:00+08:00", *more),
        ]
    )


def test_the_video_system_declares_a_look_by_a_command(home, tmp_path, capsys):
    assert command(tmp_path, "--timeout-s", "0") == 0
    assert "no agent answers" in capsys.readouterr().out
    folder = LookFolder(Storage(home).looks)
    locked = LockedDesk(open_desk(home), Storage(home).views, WitnessStore(home / "witness"))
    stopping = threading.Event()

    def agent():
        while not stopping.wait(0.02):
            locked.enter_looks(folder, READING)

    thread = threading.Thread(target=agent)
    thread.start()
    try:
        assert command(tmp_path, "--json") == 1
    finally:
        stopping.set()
        thread.join()
    assert '"cover": "no_grant"' in capsys.readouterr().out


def test_a_bad_look_is_one_clear_line(home, tmp_path, capsys):
    assert command(tmp_path, "--grant", "12") == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err
    assert command(tmp_path, "--person", "x" * 65) == 2
    assert "1 to 64 characters" in capsys.readouterr().err
