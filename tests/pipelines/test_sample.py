"""`python -m pipelines.sample` and what `demo` would run, through their mains."""

import pytest

from model.dataset.splits import SplitConfig
from pipelines.demo import main as demo
from pipelines.demonstration.archive import pages_of_split
from pipelines.descriptions.detect import read_markup
from pipelines.ingest import main as ingest
from pipelines.sample import main as sample


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_lines_are_drawn_with_their_texts_and_ingested(tmp_path, capsys):
    assert sample(["--output", str(tmp_path / "lines"), "--count", "3"]) == 0
    assert capsys.readouterr().out.endswith("3 lines drawn\n")
    assert len(contents(tmp_path / "lines")) == 6
    flags = ["--input", str(tmp_path / "lines"), "--output", str(tmp_path / "out")]
    assert ingest([*flags, "--runner", "DirectRunner"]) == 0
    assert "lines: 3 in = 3 ok" in capsys.readouterr().out


def test_pages_are_drawn_with_their_page_xml_and_one_seed_gives_one_archive(tmp_path):
    flags = ["--kind", "pages", "--count", "2", "--lines_per_page", "4"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert sample(["--output", str(tmp_path / name), "--seed", seed, *flags]) == 0
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b and a["page_0001.jpg"] != c["page_0001.jpg"]
    page = read_markup(a["page_0001.xml"])
    assert len(page.lines) == 4 and all(line.text and line.baseline for line in page.lines)
    assert page.uri == "page_0001.jpg"


def test_test_pages_are_those_that_ingest_holds_out(tmp_path):
    from model.dataset.examples import read_examples

    archive, dataset = tmp_path / "archive", tmp_path / "out"
    flags = ["--kind", "pages", "--count", "20", "--lines_per_page", "1"]
    assert sample(["--output", str(archive), *flags]) == 0
    run = ["--input", str(archive), "--output", str(dataset), "--runner", "DirectRunner"]
    assert ingest(run) == 0
    held_out = {e.page_uri for e in read_examples(map(str, dataset.glob("test/*.gz")))}
    assert held_out == set(pages_of_split(str(archive), "test", SplitConfig())) != set()


@pytest.mark.parametrize(
    ("main", "flags", "reason"),
    [
        (sample, ["--output", "."], ". exists"),
        (sample, ["--output", "new", "--count", "0"], "must be 1 or more"),
        (demo, ["--output", "."], ". exists"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(main, flags, reason, capsys):
    assert main(flags) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
