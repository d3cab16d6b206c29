"""What is vendored is what the manifest says, with its licence and within its size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewkeeper.dashboard import vendor
from viewkeeper.dashboard.assets import load_assets

ROOMS = [room for room, _ in vendor.ROOMS]
LICENCES = {
    vendor.VENDOR: {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"},
    vendor.TEST_VENDOR: {"MPL-2.0"},
}


def manifest(room: Path) -> list[dict[str, Any]]:
    return json.loads((room / vendor.MANIFEST).read_text(encoding="utf-8"))["files"]


def packages(room: Path) -> list[dict[str, str]]:
    return [package for entry in manifest(room) for package in entry["packages"]]


@pytest.mark.parametrize("room", ROOMS)
def test_every_vendored_file_has_the_hash_of_the_manifest(room: Path) -> None:
    for entry in manifest(room):
        path = room / entry["file"]
        assert vendor.sha256_of(path) == entry["sha256"], entry["file"]
        assert path.stat().st_size == entry["size_bytes"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_package_keeps_its_licence(room: Path) -> None:
    for package in packages(room):
        assert package["license"] in LICENCES[room]
        licence = room / package["license_file"]
        assert vendor.sha256_of(licence) == package["license_sha256"]


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_stands_there_that_the_manifest_does_not_name(room: Path) -> None:
    named = {entry["file"] for entry in manifest(room)}
    named |= {package["license_file"] for package in packages(room)} | {vendor.MANIFEST}
    assert {path.name for path in room.iterdir()} == named


@pytest.mark.parametrize(("room", "libraries"), vendor.ROOMS)
def test_versions_are_those_of_the_lock_file(
    room: Path, libraries: tuple[vendor.Library, ...]
) -> None:
    lock = json.loads((vendor.VENDORING / "package-lock.json").read_text(encoding="utf-8"))
    assert {library.file for library in libraries} == {one["file"] for one in manifest(room)}
    for package in packages(room):
        assert lock["packages"][f"node_modules/{package['name']}"]["version"] == package["version"]


def test_all_files_of_the_page_stay_under_two_hundred_kilobytes_compressed() -> None:
    """Whatever it may ever load, in both languages."""
    told = (".js", ".css", ".json", ".svg", ".html")
    table = load_assets()
    sizes = [len(one.gzipped) for path, one in table.items() if path.endswith(told)]
    assert 100_000 < sum(sizes) < 200 * 1024


def test_differences_name_what_is_missing_and_what_is_other(tmp_path: Path) -> None:
    made, kept = tmp_path / "made", tmp_path / "kept"
    for folder, files in ((made, {"a": "1", "b": "2"}), (kept, {"a": "1", "b": "3", "c": "4"})):
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    assert vendor.differences(made, kept) == ["b", "c"]
    assert vendor.differences(made, made) == []


def test_without_npm_the_script_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert vendor.main(["--check"]) == 2
    assert "Node.js" in capsys.readouterr().err
