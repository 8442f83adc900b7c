"""Models and word lists in a bucket are copied to this machine, each version once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model.networks.manifest import write_manifest
from model.recogniser.bundle import load_bundle
from pipelines.cli.options import UsageError
from pipelines.files.cached import cache_folder, local_file, local_model
from tests.fakes import write_fake_bundle
from tests.pipelines.counted_files import CountedFiles

URI = "counted://b/models/one"


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write_fake_bundle(tmp_path / "m")
    (folder / "weights.keras").write_bytes(b"not needed to read")
    write_manifest(folder)
    return folder


def begin(folder):
    CountedFiles.begin({f"{URI}/{path.name}": path.read_bytes() for path in folder.iterdir()})


def opened():
    return [path for kind, path in CountedFiles.requests if kind == "open"]


def test_what_is_on_a_disk_stays_there():
    for path in ("default", "out/models/latest", ""):
        assert local_model(path) == local_file(path) == path


def test_a_model_is_copied_once_and_reads_as_the_original(bundle):
    begin(bundle)
    folder = local_model(f"{URI}/")
    assert load_bundle(folder).digest() == load_bundle(bundle).digest()
    assert not any("weights.keras" in path for path in opened())
    CountedFiles.requests.clear()
    assert local_model(URI) == folder
    assert [path.rpartition("/")[2] for path in opened()] == ["manifest.json"]


def test_a_model_that_is_replaced_is_copied_anew(bundle):
    begin(bundle)
    before = local_model(URI)
    settings = (bundle / "charset.json").read_text("utf-8")
    (bundle / "charset.json").write_text(settings + "\n", "utf-8")
    write_manifest(bundle)
    begin(bundle)
    after = local_model(URI)
    assert after != before and load_bundle(after).digest() != load_bundle(before).digest()


def test_a_model_without_manifest_is_known_by_its_files(bundle):
    (bundle / "manifest.json").unlink()
    begin(bundle)
    assert load_bundle(local_model(URI)).note.startswith("model without manifest.json")


def test_many_processes_that_start_at_once_share_a_copy(bundle):
    begin(bundle)
    with ThreadPoolExecutor(8) as threads:
        folders = set(threads.map(local_model, [URI] * 16))
    (folder,) = folders
    assert os.listdir(os.path.dirname(folder)) == [os.path.basename(folder)]
    load_bundle(folder)


def test_a_bucket_without_a_model_is_told(bundle):
    CountedFiles.begin({})
    with pytest.raises(UsageError, match=f"--model {URI}: no charset.json in it"):
        local_model(URI)
    begin(bundle)
    del CountedFiles.files[f"{URI}/model.onnx"]
    folder = local_model(URI)
    with pytest.raises(ValueError, match=r"no model\.onnx"):
        load_bundle(folder)


def test_a_word_list_is_copied_by_its_content(bundle):
    CountedFiles.begin({"counted://b/words.txt": b"le chat"})
    path = local_file("counted://b/words.txt")
    assert Path(path).read_bytes() == b"le chat" and path.endswith("words.txt")
    assert local_file("counted://b/words.txt") == path
    CountedFiles.begin({"counted://b/words.txt": b"la souris"})
    assert local_file("counted://b/words.txt") != path
    with pytest.raises(UsageError, match=r"counted://b/none\.txt cannot be read \(no such file"):
        local_file("counted://b/none.txt")


def test_without_a_home_copies_lie_in_a_folder_of_this_user(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = cache_folder()
    assert folder.parent == tmp_path and folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(UsageError, match="another user's; set XDG_CACHE_HOME"):
        cache_folder()
