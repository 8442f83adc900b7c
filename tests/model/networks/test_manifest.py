"""The manifest of a model."""

import json

import pytest

from model import DEFAULT_FOLDER
from model.networks.manifest import MANIFEST_FILE, changing, check_files, write_manifest


@pytest.fixture
def folder(tmp_path):
    for name, content in {
        "a.bin": b"abc",
        "b.json": b"{}",
        "README.md": b"#",
        ".part": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "v").write_bytes(b"1")
    write_manifest(tmp_path)
    return tmp_path


def test_it_lists_what_programs_read(folder):
    files = json.loads((folder / MANIFEST_FILE).read_text())["files"]
    assert list(files) == ["a.bin", "b.json", "variables/v"]
    assert files["a.bin"]["bytes"] == 3 and files["a.bin"]["sha256"].startswith("ba7816bf")


def flip(path):
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


FAULTS = [
    (lambda f: (f / "a.bin").unlink(), "no a.bin, which manifest.json has"),
    (lambda f: (f / "a.bin").write_bytes(b""), "a.bin has 0 bytes and not the 3"),
    (lambda f: flip(f / "a.bin"), "a.bin is damaged: its SHA-256"),
    (lambda f: (f / "c").write_bytes(b"1"), "manifest.json does not have c"),
    (lambda f: (f / MANIFEST_FILE).write_bytes(b""), "manifest.json is no manifest"),
    (lambda f: (f / MANIFEST_FILE).write_bytes(b"\xff\xfe"), "is no manifest"),
    (lambda f: (f / MANIFEST_FILE).write_text("[" * 100_000), "is no manifest"),
    (lambda f: (f / MANIFEST_FILE).write_text("[]"), "is no manifest"),
    (lambda f: (f / MANIFEST_FILE).write_text('{"version": 2, "files": {}}'), "version 2; this"),
    (lambda f: (f / MANIFEST_FILE).write_text('{"version": 1, "files": []}'), "is no manifest"),
    (
        lambda f: (f / MANIFEST_FILE).write_text('{"version": 1, "files": {"a.bin": null}}'),
        "is no manifest",
    ),
    (
        lambda f: (f / MANIFEST_FILE).write_text(
            '{"version": 1, "files": {"a.bin": {"bytes": "3", "sha256": ""}}}'
        ),
        "is no manifest",
    ),
]


@pytest.mark.parametrize(("damage", "error"), FAULTS)
def test_what_differs_is_named_in_one_line(folder, damage, error):
    damage(folder)
    with pytest.raises(ValueError, match=error) as caught:
        check_files(folder, ["a.bin", "b.json", "c"], ["a.bin", "b.json"])
    assert str(caught.value).startswith(f"{folder}: ")
    assert "copy the model again" in str(caught.value) and "\n" not in str(caught.value)


def test_digests_are_compared_only_where_asked(folder):
    flip(folder / "a.bin")
    check_files(folder, ["a.bin", "b.json"], ["b.json"])


def test_without_a_manifest_nothing_is_compared(folder):
    (folder / MANIFEST_FILE).unlink()
    flip(folder / "a.bin")
    check_files(folder, ["a.bin", "c"], ["a.bin"])


def test_a_change_ends_with_a_manifest_also_if_it_fails(folder):
    def change():
        with changing(folder):
            assert not (folder / MANIFEST_FILE).exists()
            flip(folder / "a.bin")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        change()
    check_files(folder, ["a.bin"], ["a.bin"])


def test_the_manifest_of_the_default_model_is_current():
    stated = (DEFAULT_FOLDER / MANIFEST_FILE).read_text()
    names = json.loads(stated)["files"].keys()
    there = {path.name for path in DEFAULT_FOLDER.iterdir()} - {MANIFEST_FILE, "README.md"}
    assert there == set(names)
    # After a change of the default model, `make manifest` writes it anew.
    check_files(DEFAULT_FOLDER, names, names)
