"""`python -m pipelines.lines`, through its main."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from model.segmentation.finder import default_line_network, find_lines
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from pipelines.line_finding import find
from pipelines.line_finding.find import FindConfig, write_lines_of
from pipelines.line_finding.pipeline import check_files
from pipelines.lines import main
from pipelines.pages.listing import file_source
from pipelines.tables.account import Account, AccountError
from schemas.records import Failure, PageDone, Skipped
from tests.drawn import png
from tests.pipelines.formats.described import read_page_xml
from tests.pipelines.formats.written_pages import ORIGIN

DIRECT = ["--runner", "DirectRunner"]


def write_drawn_page(path: Path, seed: int, count: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grey, _ = draw_page([compose_text(rng, 24) for _ in range(count)], rng)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(grey))
    return grey


def lines(inputs, output, *flags):
    return main(["--input", *map(str, inputs), "--output", str(output), *DIRECT, *flags])


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rows(output, table):
    return sorted(pq.read_table(output / table).to_pylist(), key=str)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    greys = {
        "a/p.png": write_drawn_page(folder / "a" / "p.png", 1),
        "b/p.png": write_drawn_page(folder / "b" / "p.png", 2, 6),
    }
    scans = [write_drawn_page(folder / "page.png", seed, 3) for seed in (3, 4)]
    (folder / "page.png").unlink()
    first, second = map(Image.fromarray, scans)
    first.save(folder / "scan.tif", save_all=True, append_images=[second])
    greys |= {f"scan.tif_{n:04d}": grey for n, grey in enumerate(scans, 1)}
    return folder, greys


@pytest.fixture(scope="module")
def output(archive, tmp_path_factory):
    out = tmp_path_factory.mktemp("lines") / "out"
    assert lines([archive[0]], out, "--show") == 0
    return out


def test_every_page_has_its_file_and_its_picture(archive, output):
    assert set(files_in(output / "page")) == {f"{name}.xml" for name in archive[1]}
    assert set(files_in(output / "show")) == {f"{name}.jpg" for name in archive[1]}


def test_the_files_hold_what_was_found(archive, output):
    for name, grey in archive[1].items():
        found = find_lines(grey, default_line_network())
        page = read_page_xml((output / "page" / f"{name}.xml").read_bytes())
        assert (page.height_px, page.width_px) == grey.shape and len(found) >= 3
        rounded = tuple(
            replace(
                line,
                baseline=tuple((round(x), round(y)) for x, y in line.baseline),
                polygon=tuple((round(x), round(y)) for x, y in line.polygon),
            )
            for line in found
        )
        assert page.lines == rounded


def test_the_pictures_show_the_lines(archive, output):
    for name, grey in archive[1].items():
        picture = np.asarray(Image.open(output / "show" / f"{name}.jpg")).astype(int)
        assert picture.shape == (*grey.shape, 3)
        is_coloured = picture.max(axis=-1) - picture.min(axis=-1) > 60
        found = find_lines(grey, default_line_network())
        length_px = sum(line.baseline[-1][0] - line.baseline[0][0] for line in found)
        assert length_px < is_coloured.sum() < 0.3 * grey.size


def test_the_tables_account_for_every_page(output, capsys):
    pages = rows(output, "pages")
    assert [(page["status"], page["lines_source"]) for page in pages] == [("ok", "finder")] * 4
    (run,) = rows(output, "runs")
    assert run["command"] == "lines" and len(run["model_digest"]) == 64
    assert run["pages_in"] == run["pages_ok"] == 4
    assert run["lines_ok"] == sum(page["lines_ok"] for page in pages) >= 14
    xml = (output / "page" / "a" / "p.png.xml").read_text()
    assert f"model {run['model_digest']}" in xml and f"{run['started']:%Y-%m-%dT%H:%M:%S}Z" in xml


def test_lines_are_the_same_with_three_processes_and_without_pictures(archive, output, tmp_path):
    folder, _ = archive
    workers = ["--jobs", "3"]
    out = tmp_path / "out"
    assert lines([folder / "*" / "*.png", folder / "scan.tif"], out, *workers) == 0
    assert not (out / "show").exists()
    same = files_in(output / "page")
    for name in files_in(out / "page"):
        page, other = (
            read_page_xml(data) for data in ((out / "page" / name).read_bytes(), same[name])
        )
        assert page == other


def test_only_bad_files_fail(tmp_path, capsys):
    folder = tmp_path / "archive"
    write_drawn_page(folder / "good.png", 5)
    (folder / "broken.png").write_bytes((folder / "good.png").read_bytes()[:500])
    (folder / "notes.txt").write_text("no image")
    out = tmp_path / "out"
    assert lines([folder], out, "--show") == 3
    printed = capsys.readouterr()
    assert "pages: 3 in = 1 ok + 1 failed + 1 skipped" in printed.out
    assert f"{out}/failures lists each" in printed.err
    (failure,) = rows(out, "failures")
    assert failure["uri"].endswith("broken.png") and failure["stage"] == "read"
    assert list(files_in(out / "page")) == ["good.png.xml"]
    assert sorted(page["status"] for page in rows(out, "pages")) == ["failed", "ok", "skipped"]
    assert lines([folder], out, "--overwrite", "--max_failure_rate", "0.5") == 0
    assert not (out / "show").exists()


def test_a_blank_page_has_no_lines(tmp_path):
    (tmp_path / "blank.png").write_bytes(png(np.full((300, 200), 240, np.uint8)))
    assert lines([tmp_path / "blank.png"], tmp_path / "out", "--show") == 0
    assert read_page_xml((tmp_path / "out/page/blank.png.xml").read_bytes()).lines == ()
    assert (tmp_path / "out/show/blank.png.jpg").exists()
    (page,) = rows(tmp_path / "out", "pages")
    assert (page["status"], page["lines_ok"]) == ("ok", 0)


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--input", "nowhere", "--output", "o"], "nowhere: no such file"),
        (["--input", "a", "--output", "a"], "a exists; give --overwrite"),
    ],
)
def test_invalid_flags_are_one_line_and_status_2(tmp_path, monkeypatch, capsys, flags, reason):
    monkeypatch.chdir(tmp_path)
    write_drawn_page(tmp_path / "a" / "p.png", 1, 1)
    assert main([*flags, *DIRECT]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_an_unknown_flag_ends_the_program():
    with pytest.raises(SystemExit) as ended:
        main(["--input", "a", "--output", "o", "--shwo"])
    assert ended.value.code == 2


def test_one_page_gives_one_record(tmp_path):
    grey = write_drawn_page(tmp_path / "p.png", 6, 2)
    config = FindConfig(f"{tmp_path}/out", ORIGIN)
    uri, folder = f"{tmp_path}/p.png", f"{tmp_path}/"
    (done,) = write_lines_of(file_source(uri), config, folder)
    assert isinstance(done, PageDone) and (done.height_px, done.width_px) == grey.shape
    assert done.line_count == 2 and files_in(tmp_path / "out").keys() == {"page/p.png.xml"}
    assert write_lines_of(file_source("d/p.xml"), config, "d/") == [Skipped("d/p.xml", "no image")]
    (failure,) = write_lines_of(file_source(f"{tmp_path}/none.png"), config, folder)
    assert isinstance(failure, Failure) and failure.stage == "read"


def test_a_page_whose_picture_cannot_be_written_has_no_files(tmp_path, monkeypatch):
    write_drawn_page(tmp_path / "p.png", 6, 2)
    real = find.write_bytes

    def write_pages_only(path, data):
        if path.endswith(".jpg"):
            raise OSError("no space left")
        real(path, data)

    monkeypatch.setattr(find, "write_bytes", write_pages_only)
    config = FindConfig(f"{tmp_path}/out", ORIGIN, show=True)
    (failure,) = write_lines_of(file_source(f"{tmp_path}/p.png"), config, f"{tmp_path}/")
    assert failure == Failure(f"{tmp_path}/p.png", "write", "no space left")
    assert files_in(tmp_path / "out") == {}


def test_a_missing_file_ends_the_run(tmp_path):
    account = Account(1, 1, 0, 0, 2, 2, 0)
    (tmp_path / "page").mkdir()
    with pytest.raises(AccountError, match="folder page has 0 files but 1 pages"):
        check_files(account, str(tmp_path), ("page",))
    (tmp_path / "page" / "p.xml").write_text("")
    check_files(account, str(tmp_path), ("page",))


def test_an_output_inside_the_input_is_not_read(tmp_path):
    write_drawn_page(tmp_path / "p.png", 1, 2)
    for flags in (["--show"], ["--show", "--overwrite"]):
        assert lines([tmp_path], tmp_path / "out", *flags) == 0
        assert [Path(row["page_uri"]).name for row in rows(tmp_path / "out", "pages")] == ["p.png"]
