"""Nights of any changes: the views show what is there, and nothing is read twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from model.quality.line_image import StripQuality
from pipelines.archive.earlier_runs import write_known_pages
from pipelines.archive.folder import Archive
from pipelines.archive.gone import Listing
from pipelines.archive.portions import rows_of, write_portion
from pipelines.archive.publish import publish
from pipelines.archive.rewrite import sweep
from pipelines.archive.state import read_state
from pipelines.archive.upkeep import compact
from pipelines.files.key_set import UriTally
from pipelines.pages.names import page_names
from pipelines.pages.records import PageResult, ReadLine
from pipelines.tables.news import News
from pipelines.tables.runs import RunStart
from pipelines.transcription.read_pages import PageReading, _known_page, _or_returned
from pipelines.transcripts.tables import open_tables
from schemas.records import Line, PageDone, PageSource, Transcript

# The pages of a night and their images, the model that reads them, and whether it is tidied up.
NIGHT = st.tuples(
    st.dictionaries(st.sampled_from(["a.jpg", "b.jpg", "x/a.jpg"]), st.sampled_from("123")),
    st.sampled_from(["m1", "m2"]),
    st.booleans(),
)


@dataclass
class FakeImage:
    """An image with a digest and no pixels."""

    sha256: str
    is_alone: bool = True

    def digests(self):
        yield self.sha256


def read(source: PageSource, image: str, model: str, reading: PageReading) -> PageResult:
    """Read a page as transcribe does; its text is its image and the model."""
    known = _known_page(source.uri, FakeImage(image), "", reading)
    if known:
        return PageResult(_or_returned(known, source, reading), source=source)
    line = Transcript(source.uri, Line("l", 0), f"{image} by {model}", 1.0)
    done = PageDone(source.uri, image, 9, 9, "page", 1)
    return PageResult(done, (ReadLine(line, StripQuality(1.0, 0.0, 0.0, 0.0)),), source=source)


def run_night(folder: Path, pages: dict[str, str], model: str) -> tuple[News, int]:
    """Transcribe the pages of a night; return the news, and how many were read."""
    archive, scans = Archive(str(folder / "out")), folder / "scans"
    archive.make()
    state = read_state(archive)
    names = page_names([str(scans)], "", state.names, False)
    newest = state.runs[-1].run_id if state.runs else ""
    run = replace(RunStart.now("transcribe", {}, model, newest), collection="all")
    known, tally, results = archive.known_pages(run.run_id), UriTally(), []
    write_known_pages(archive, state, run, known)
    for name, image in pages.items():
        path = str(scans / name)
        source = names.renamed(PageSource(path, (path,)))
        tally.add(source.uri)
        results.append(read(source, image, model, PageReading("given", 9, 0, run.digest, known)))
    if results:
        write_portion(archive.portions, [rows_of(result, run.run_id) for result in results])
    listing = Listing(names, (f"{scans}/**",))
    published = publish(archive, run, state, tally, listing)
    sweep(archive)
    return published.news, published.account.pages_ok


def write_files(folder: Path, pages: dict[str, str]) -> None:
    for path in folder.glob("scans/**/*.jpg"):
        path.unlink()
    for name in pages:
        path = folder / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@settings(max_examples=15, deadline=None)
@given(st.lists(NIGHT, min_size=2, max_size=5))
def test_the_views_show_what_is_there_and_nothing_is_read_twice(nights):
    with TemporaryDirectory() as name:
        folder, readings, before = Path(name), set(), {}
        (folder / "scans").mkdir()
        for pages, model, is_tidied in nights:
            write_files(folder, pages)
            news, read_count = run_night(folder, pages, model)
            # What another night has read is not read again, whatever its page was called then.
            assert read_count == sum((image, model) not in readings for image in pages.values())
            readings |= {(image, model) for image in pages.values()}
            counts = dict(news.counts)
            left = counts.pop("gone", 0), counts.pop("moved", 0)
            assert sum(counts.values()) == len(pages), counts
            assert sum(left) == len(before.keys() - pages.keys()), (left, before)
            assert left[1] == counts.get("renamed", 0) or left[1] < counts["renamed"]
            if before == pages:
                assert not {"new", "changed", "renamed"} & {k for k, v in counts.items() if v}
            before = pages
            if is_tidied:
                archive = Archive(str(folder / "out"))
                compact(archive, read_state(archive), None)
                sweep(archive)
            check_views(folder, pages, model)


def check_views(folder: Path, pages: dict[str, str], model: str) -> None:
    connection = open_tables(str(folder / "out"))
    shown = connection.sql("SELECT page_uri, sha256 FROM pages").fetchall()
    start = f"{folder}/scans/"
    assert {uri.removeprefix(start): image for uri, image in shown} == pages
    lines = connection.sql("SELECT page_uri, text FROM lines").fetchall()
    texts = {uri.removeprefix(start): text for uri, text in lines}
    assert texts == {name: f"{image} by {model}" for name, image in pages.items()}
    assert len(lines) == len(pages)
    connection.close()
