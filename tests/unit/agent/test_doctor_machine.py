"""What the doctor says of the libraries is what the package asks for."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from viewkeeper.agent.doctor import machine
from viewkeeper.agent.doctor.findings import Health

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_the_least_versions_are_those_that_the_package_asks_for():
    asked = {}
    for line in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]:
        name, version = re.fullmatch(r"([\w-]+)>=([\d.]+)", line).groups()
        asked[name] = tuple(map(int, version.split(".")))
    assert asked == machine.LEAST_VERSIONS


@pytest.mark.parametrize(
    ("versions", "health", "told"),
    [
        ({}, Health.GOOD, "numpy "),
        ({"numpy": "1.23.5"}, Health.BAD, "numpy 1.23.5 is older than 1.24"),
        ({"cbor2": None}, Health.BAD, "cbor2 is not installed"),
        ({"paho-mqtt": "1.6.1"}, Health.BAD, "paho-mqtt 1.6.1 is older than 2.1"),
    ],
)
def test_an_old_or_missing_library_is_named(monkeypatch, versions, health, told):
    installed = metadata.version

    def version(name):
        if versions.get(name, "") is None:
            raise metadata.PackageNotFoundError(name)
        return versions.get(name) or installed(name)

    monkeypatch.setattr(metadata, "version", version)
    (finding,) = machine.libraries()
    assert finding.health is health
    assert told in finding.detail
