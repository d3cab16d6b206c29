"""The doctor before a real broker with mutual TLS: each fault has a cure in its line."""

import datetime
import errno

import pytest

from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.doctor import machine
from viewkeeper.agent.doctor.examination import examine
from viewkeeper.agent.doctor.findings import Health
from viewkeeper.agent.settings_file import load
from viewkeeper.sim.site_config import tool

pytestmark = pytest.mark.e2e

SITE, ID = "s1", "c1"
NAME = f"{SITE}/{ID}"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Files of an authority that the site's broker does not believe, for the same camera."""
    folder = tmp_path_factory.mktemp("theirs")
    authority = tool("certs").Authority(folder, datetime.datetime.now(datetime.UTC))
    authority.init(["localhost"])
    authority.issue("camera", NAME)
    return {
        "cert_file": authority.path_of(NAME, "crt"),
        "key_file": authority.path_of(NAME, "key"),
        "ca_file": folder / "ca.crt",
        "garbage": folder / "garbage",
        "nowhere": folder / "nowhere",
    }


@pytest.fixture
def told(site, theirs, tmp_path):
    """What the doctor says of a thing, with other files than the right ones."""
    theirs["garbage"].write_text("not PEM")
    ours = site.paths(NAME)
    right = {"ca_file": ours["ca"], "cert_file": ours["cert"], "key_file": ours["key"]}

    def ask(thing="broker", **changed):
        files = right | {name: theirs[other] for name, other in changed.items()}
        settings = tmp_path / "agent.toml"
        settings.write_text(
            f'[camera]\nsite = "{SITE}"\nid = "{ID}"\n[source]\nkind = "files"\npath = "none"\n'
            f'[broker]\nhost = "localhost"\nport = {site.port}\n'
            + "".join(f'{name} = "{path}"\n' for name, path in files.items())
            + '[storage]\ndir = "state"\n',
            "utf-8",
        )
        return [each for each in examine(load(settings), Adapters()) if each.thing == thing]

    return ask


def test_its_own_certificate_signs_the_camera_in(told):
    assert [each.health for each in told()] == [Health.GOOD]
    assert [each.health for each in told("certificate")] == [Health.GOOD]


@pytest.mark.parametrize(
    ("changed", "cure"),
    [
        ({"cert_file": "cert_file", "key_file": "key_file"}, "whose CA did not issue cert_file"),
        ({"cert_file": "cert_file"}, "give the key that the certificate was asked for with"),
        ({"ca_file": "ca_file"}, "check ca_file"),
        ({"ca_file": "garbage"}, "(ca_file) is no PEM file of the broker's CA"),
        ({"cert_file": "garbage"}, "no PEM files of a certificate and its plain key"),
        ({"key_file": "nowhere"}, "copy it there"),
    ],
)
def test_each_fault_of_the_tls_files_has_its_cure(told, changed, cure):
    (finding,) = told(**changed)
    assert finding.health is Health.BAD
    assert cure in finding.detail


def test_a_certificate_that_is_not_there_yet_says_where_it_comes_from(told):
    (finding,) = told("certificate", cert_file="nowhere")
    assert "viewkeeper-agent request" in finding.detail


def test_a_camera_without_a_board_hears_nothing_of_one(told):
    assert told("board") == []


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.EACCES, "sudo -u viewkeeper"),
        (errno.EROFS, "makes itself read-only"),
        (errno.ENOSPC, "the card is full"),
    ],
)
def test_what_the_operating_system_refuses_has_a_cure_too(told, monkeypatch, number, cure):
    def refused(_):
        raise OSError(number, "refused", "state")

    monkeypatch.setattr(machine, "key", refused)
    (finding,) = told("device key")
    assert cure in finding.detail
