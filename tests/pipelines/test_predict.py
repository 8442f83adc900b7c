"""`python -m pipelines.predict`, through its main."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.language.word_counts import WORDS_FILE, write_model_words
from pipelines.predict import main
from pipelines.prediction.run import page_names
from tests.drawn import png, text_strip
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_fake_bundle(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "line.png"
    path.write_bytes(png(text_strip("acte de mariage")))
    return path


def predict(model, *arguments):
    return main([*map(str, arguments), "--model", str(model)])


def objects(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_and_a_page(tmp_path, model, line, capsys):
    write_page(tmp_path, "page")
    assert predict(model, line, tmp_path / "page.jpg", "--json") == 0
    of_line, of_page = objects(capsys)
    assert (of_line["image"], of_line["lines_source"]) == (str(line), "whole")
    assert of_page["lines_source"] == "find" and len(of_page["lines"]) >= 1
    assert abs(of_page["skew_deg"]) < 2 and of_page["contrast"] > 0.3
    for row in (*of_line["lines"], *of_page["lines"]):
        assert 0 < row["confidence"] <= 1 and "corrected" not in row
    assert all(len(row["baseline"]) > 1 for row in of_page["lines"])


def test_the_picture_never_replaces_the_input_image(model, line, capsys):
    before = line.read_bytes()
    assert predict(model, line, "--show", line) == 2
    assert "is the input image; give another file" in capsys.readouterr().err
    assert line.read_bytes() == before


def test_lines_are_printed_with_their_confidence(model, line, capsys):
    assert predict(model, line, "--json") == 0
    (row,) = objects(capsys)[0]["lines"]
    assert predict(model, line) == 0
    name, printed = capsys.readouterr().out.splitlines()
    assert name == str(line)
    assert printed.startswith(f"  {row['confidence']:4.0%}  {row['text']}")


def test_warnings_are_printed(tmp_path, model, capsys):
    strip = text_strip("acte de mariage")
    two = tmp_path / "two.png"
    two.write_bytes(png(np.vstack([strip, strip])))
    assert predict(model, two) == 0
    assert "several lines" in capsys.readouterr().out


def test_each_bad_file_is_one_error_line_and_the_others_are_read(tmp_path, model, line, capsys):
    bad = {"none.png": None, "text.png": b"no image", "empty.jpg": b"", "broken.pdf": b"%PDF-1.4"}
    for name, content in bad.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    (tmp_path / "cut.png").write_bytes(line.read_bytes()[:-300])
    (tmp_path / "folder").mkdir()
    names = [tmp_path / name for name in (*bad, "cut.png", "folder")]
    assert predict(model, *names, line) == 3
    captured = capsys.readouterr()
    assert captured.out.startswith(str(line))
    errors = captured.err.splitlines()
    assert len(errors) == len(names)
    for name in names:
        (error,) = [text for text in errors if text.startswith(f"{name}: ")]
        assert "; " in error, error
    assert f"{tmp_path}/none.png: No such file or directory; check the name" in errors


def test_pages_of_a_file_have_names(tmp_path, model, capsys):
    pages = [Image.fromarray(text_strip(text)) for text in ("un", "deux")]
    scan = tmp_path / "scan.tif"
    pages[0].save(scan, save_all=True, append_images=pages[1:])
    assert page_names(str(scan)) == [f"{scan}#page=1", f"{scan}#page=2"]
    assert predict(model, scan, f"{scan}#page=2", "--json") == 0
    # The second page is named twice and read once.
    assert [row["image"] for row in objects(capsys)] == [f"{scan}#page=1", f"{scan}#page=2"]
    assert predict(model, f"{scan}#page=3") == 3
    assert "page 3 is not in the file" in capsys.readouterr().err


def test_pictures_are_written_to_a_file_or_a_folder(tmp_path, model, line, capsys):
    shown = tmp_path / "x" / "shown.png"
    assert predict(model, line, "--show", shown) == 0
    with Image.open(shown) as picture, Image.open(line) as image:
        assert picture.mode == "RGB" and picture.height > image.height
    other = tmp_path / "a" / "line.png"
    other.parent.mkdir()
    shutil.copy(line, other)
    assert predict(model, line, other, "--show", tmp_path / "all") == 0
    written = {str(p.relative_to(tmp_path / "all")) for p in (tmp_path / "all").rglob("*.jpg")}
    assert written == {"line.png.jpg", "a/line.png.jpg"}
    capsys.readouterr()
    assert predict(model, line, other, "--show", shown) == 2
    assert capsys.readouterr().err.endswith("is one picture for 2 pages; give a folder\n")


def test_pictures_of_absolute_and_relative_names(tmp_path, model, line, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "sub" / "b.png"
    other.parent.mkdir()
    shutil.copy(line, other)
    assert predict(model, line, "sub/b.png", "--show", "pictures") == 0
    written = {str(path.relative_to("pictures")) for path in Path("pictures").rglob("*.jpg")}
    assert written == {f"_{line}.jpg", "sub/b.png.jpg"}


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path, model, line, capsys):
    (tmp_path / "file").write_text("")
    assert predict(model, line, "--show", tmp_path / "file" / "x.png") == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_spelling_is_shown_beside_the_text(tmp_path, model, line, capsys):
    assert predict(model, line, "--json") == 0
    text = objects(capsys)[0]["lines"][0]["text"]
    names = tmp_path / "names.txt"
    names.write_text("notaire\n", "utf-8")
    assert predict(model, line, "--json", "--spelling", names) == 0
    (row,) = objects(capsys)[0]["lines"]
    assert row["text"] == text and isinstance(row["corrected"], str)


def test_spelling_needs_a_word_list(tmp_path, model, line, capsys):
    for spelling in ("model", tmp_path / "none.txt"):
        assert predict(model, line, "--spelling", spelling) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
    with_words = shutil.copytree(model, tmp_path / "m")
    write_model_words(with_words, ["acte de mariage"])
    assert predict(with_words, line, "--spelling", "model") == 0
    (with_words / WORDS_FILE).write_text("acte")
    assert predict(with_words, line, "--spelling", "model") == 2


def test_a_beam_search_without_a_language_model_is_reported(model, line, capsys):
    assert predict(model, line, "--decoding", "beam") == 0
    assert "read greedily" in capsys.readouterr().err


def test_an_invalid_model_is_an_error(tmp_path, line, capsys):
    assert predict(tmp_path, line) == 2
    assert capsys.readouterr().err.startswith(f"--model {tmp_path}: no charset.json")


def test_help_does_not_import_large_packages():
    code = (
        "import sys; from pipelines.predict import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'cv2', 'onnxruntime', 'apache_beam'} & sys.modules.keys()))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "[]"
