"""An audit of real ledgers: honest ones pass, every kind of forgery is named."""

import json
import zipfile

import pytest

from viewkeeper.agent.core.ledger.entries import Entry, EntryKind, record_hash
from viewkeeper.agent.core.ledger.frames import frame
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.enrolling import enrol, open_desk
from viewkeeper.agent.inspection import export_bundle
from viewkeeper.authority.audit.bundle import read_bundle
from viewkeeper.authority.audit.checks import Answer, audit
from viewkeeper.authority.audit.wording import as_html, as_text
from viewkeeper.authority.cli import main
from viewkeeper.protocol.checkpoints import seal_checkpoint
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind

NOW = Now(w.START_S + 7200, True)
KEY = w.DEVICE_SIGNER.verify_key


@pytest.fixture
def bundle(tmp_path):
    home = tmp_path / "camera"
    home.mkdir()
    enrol(home, w.enrolment().encode(), w.DEVICE_SIGNER)
    desk = open_desk(home)
    desk.receive(
        w.signed(w.order(w.config()), w.CONFIG_LI), OrderKind.CONFIG, retained=True, now=NOW
    )
    witness = seal_checkpoint(desk.checkpoint(NOW), w.DEVICE_SIGNER)
    desk.receive(b"junk", OrderKind.CONFIG, retained=True, now=NOW)
    ask = w.signed(w.order(w.command("new_nonce")), w.OFFICER_HE, w.OFFICER_XU)
    desk.receive(ask, OrderKind.COMMAND, retained=False, now=NOW)
    grant = w.signed(
        w.order(w.grant(nonce=desk.state.access_nonce)), w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU
    )
    assert desk.receive(grant, OrderKind.GRANT, retained=False, now=NOW).accepted
    path = tmp_path / "bundle.zip"
    export_bundle(
        path, desk.ledger, device=w.DEVICE, signer=w.DEVICE_SIGNER, now=NOW, witness=[witness]
    )
    return path


def rewritten(bundle, change):
    """The bundle with its records changed, chained and framed anew, as a forger would."""
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    entries = list(change(list(read_bundle(bundle).entries)))
    records, previous = [], bytes(32)
    for index, entry in enumerate(entries):
        again = Entry(index, entry.utc_ms, entry.kind, entry.details, previous)
        records.append(again.encode())
        previous = record_hash(records[-1])
    members["ledger/000000000000"] = b"".join(map(frame, records))
    forged = bundle.with_name("forged.zip")
    with zipfile.ZipFile(forged, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return forged


def wrong(path):
    found = audit(read_bundle(path), KEY, frozenset())
    return {check.id for check in found.checks if check.answer is Answer.NO}


def test_an_honest_ledger_passes(bundle):
    found = audit(read_bundle(bundle), KEY, frozenset())
    assert found.passed, found.checks
    assert found.state.config == w.config()


def test_a_tail_cut_off_is_noticed_by_checkpoint_and_witness(bundle):
    assert wrong(rewritten(bundle, lambda entries: entries[:-1])) == {"checkpoint"}
    assert "witness" in wrong(rewritten(bundle, lambda entries: entries[:1]))


def test_a_refusal_taken_out_is_noticed(bundle):
    def change(entries):
        return [entry for entry in entries if entry.kind is not EntryKind.REFUSED]

    assert "checkpoint" in wrong(rewritten(bundle, change))


def test_an_order_that_was_never_signed_does_not_replay(bundle):
    def change(entries):
        for entry in entries:
            if entry.details.get("order") == 1 and entry.kind is EntryKind.INTENT:
                message = bytearray(entry.details["message"])
                message[60] ^= 1
                details = {**entry.details, "message": bytes(message)}
                yield Entry(0, entry.utc_ms, entry.kind, details, bytes(32))
            else:
                yield entry

    assert {"replay", "checkpoint"} <= wrong(rewritten(bundle, change))


def test_another_cameras_key_is_noticed(bundle):
    found = audit(read_bundle(bundle), w.signer("another").verify_key, frozenset())
    assert {"identity", "checkpoint"} <= {c.id for c in found.checks if c.answer is Answer.NO}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_told_in_both_languages_as_text_and_page(bundle, language):
    found = audit(read_bundle(bundle), KEY, frozenset())
    text, page = as_text(found, language), as_html(found, language)
    assert "He Ping, Xu Dan ← Gao Shan" in text
    assert ("Access register" in text) == (language == "en")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page


def test_the_command_says_what_it_found(bundle, capsys, tmp_path):
    assert main(["audit", str(bundle), "--json", "--html", str(tmp_path / "a.html")]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] is True
    forged = rewritten(bundle, lambda entries: entries[:-1])
    assert main(["audit", str(forged), "--language", "zh"]) == 1
    assert "否" in capsys.readouterr().out


def test_what_is_no_bundle_is_named(tmp_path):
    for content in (b"", b"PK", b"x" * 100):
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(SetupError):
            read_bundle(tmp_path / "x.zip")
    with pytest.raises(SetupError):
        read_bundle(tmp_path / "nothing.zip")


def lesson(entry, **changes):
    """An entry of a reference learned right after another entry."""
    details = {
        "learned": b"l" * 32,
        "accepted": w.config().view_hash,
        "pan_mdeg": 40,
        "tilt_mdeg": -10,
        "roll_mdeg": 0,
        "zoom_ppm": 1_000_000,
    }
    return Entry(0, entry.utc_ms, EntryKind.VIEW_LEARNED, {**details, **changes}, bytes(32))


def learned_in(bundle, *lessons, first=False):
    """What the audit answers about what was learned, before or after the configuration."""

    def change(entries):
        place = 1 if first else len(entries)
        return [*entries[:place], *(lesson(entries[0], **one) for one in lessons), *entries[place:]]

    found = audit(read_bundle(rewritten(bundle, change)), KEY, frozenset())
    (check,) = [check for check in found.checks if check.id == "learned"]
    return check


def test_what_was_learned_under_the_accepted_view_passes_and_is_counted(bundle):
    check = learned_in(bundle, {}, {"learned": b"m" * 32, "pan_mdeg": -90})
    assert check.answer is Answer.YES
    assert check.facts == {
        "learned": "2",
        "forgotten": "0",
        "strangers": "0",
        "farthest": "0.090",
    }


def test_a_ledger_without_lessons_answers_nothing_about_them(bundle):
    assert learned_in(bundle).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"accepted": b"x" * 32},
        {"pan_mdeg": w.config().tolerance.pan_mdeg},
        {"tilt_mdeg": -w.config().tolerance.tilt_mdeg},
        {"roll_mdeg": "none"},
    ],
    ids=["other view", "beyond tolerance", "beyond tolerance down", "nonsense"],
)
def test_what_no_honest_camera_would_learn_is_named(bundle, change):
    check = learned_in(bundle, {}, change)
    assert check.answer is Answer.NO
    assert check.facts["strangers"] == "1"


def test_a_lesson_before_any_configuration_is_named(bundle):
    assert learned_in(bundle, {}, first=True).answer is Answer.NO
