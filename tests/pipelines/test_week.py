"""A week of an archive: pages are new, changed, renamed, gone and back, and each count is right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.query import main as query
from pipelines.transcribe import main
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import TEXTS, write_page

FLAGS = ["--model", "m", "--output", "out", "--runner", "DirectRunner", "--lines", "given"]


def draw(name: str, *texts: str) -> Path:
    """Write a page whose text is its name, so that no two have the same image."""
    path = Path("scans", name)
    write_page(path.parent, path.name, (*TEXTS, path.name, *texts))
    return path.with_suffix(".jpg")


def files(name: str) -> list[Path]:
    return [Path("scans", f"{name}{ending}") for ending in (".jpg", ".xml")]


def delete(name: str) -> None:
    for path in files(name):
        path.unlink()


def move(old: str, new: str) -> None:
    for path, target in zip(files(old), files(new)):
        target.parent.mkdir(exist_ok=True)
        path.rename(target)


def monday() -> None:
    for name in ("a", "b", "c", "d", "box/e"):
        draw(name)


def tuesday() -> None:
    draw("f"), draw("box/g")
    draw("a", "and a line more")
    shutil.copytree("scans", "kept")
    delete("b")
    move("c", "box/c2")


def wednesday() -> None:
    for ending in (".jpg", ".xml"):
        shutil.copy(f"kept/b{ending}", "scans")


def thursday() -> None:
    Path("mounts").mkdir()
    shutil.copytree("scans", "mounts/nas")
    draw("h")


def friday() -> None:
    for path in files("a"):
        shutil.copy(path, "scans/box")
    delete("f")


def saturday() -> None:
    move("box/c2", "c")


class Night(NamedTuple):
    """What happens before a night, how it is run, and what it says and shows."""

    happens: Callable[[], object]
    flags: tuple[str, ...]
    news: str
    pages_read: int
    pages: str
    reason: str


def nothing() -> None:
    pass


ALL = ("--input", "scans")
NIGHTS = (
    Night(monday, ALL, "5 new, 0 changed, 0 renamed, 0 unchanged, 0 gone", 5, "a b c d e", "first"),
    Night(nothing, ALL, "0 new, 0 changed, 0 renamed, 5 unchanged, 0 gone", 0, "a b c d e", "same"),
    Night(
        tuesday,
        ALL,
        "2 new, 1 changed, 1 renamed, 2 unchanged, 1 gone",
        3,
        "a c2 d e f g",
        "each kind at once",
    ),
    Night(
        wednesday,
        ("--input", "scans/*.jpg", "--only", "new"),
        "0 new, 0 changed, 0 renamed, 3 unchanged, 0 gone; 1 back after they were gone",
        0,
        "a b c2 d e f g",
        "the deleted page comes back unread; what the pattern leaves out is not gone",
    ),
    Night(
        nothing,
        ("--input", "{here}/scans", "{here}/scans/box"),
        "0 new, 0 changed, 0 renamed, 7 unchanged, 0 gone",
        0,
        "a b c2 d e f g",
        "by absolute paths, one of them twice",
    ),
    Night(
        thursday,
        ("--input", "mounts/nas", "--root", "mounts/nas"),
        "0 new, 0 changed, 0 renamed, 7 unchanged, 0 gone",
        0,
        "a b c2 d e f g",
        "by another mount, which lacks nothing",
    ),
    Night(
        nothing,
        ("--input", "scans", "--root", "scans"),
        "1 new, 0 changed, 0 renamed, 7 unchanged, 0 gone",
        1,
        "a b c2 d e f g h",
        "by the first mount again",
    ),
    Night(
        friday,
        ("--input", "scans/box", "--root", "scans"),
        "1 new, 0 changed, 0 renamed, 3 unchanged, 0 gone",
        0,
        "a a b c2 d e f g h",
        "a copy is told, and not read; f is gone from a folder that was not listed",
    ),
    Night(
        saturday,
        ("--input", "scans", "--root", "scans"),
        "0 new, 0 changed, 1 renamed, 7 unchanged, 1 gone",
        0,
        "a a b c d e g h",
        "now it was; a page has its first name again",
    ),
)


def named(folder: Path, table: str) -> str:
    sql = f"SELECT DISTINCT page_uri FROM {table} WHERE page_uri LIKE '%.jpg' ORDER BY page_uri"
    names = (Path(name).stem for (name,) in open_tables(str(folder)).sql(sql).fetchall())
    return " ".join(sorted(names))


def listed(what: str) -> list[str]:
    flags = ["--transcripts", "out", "--recipe", "news", "--set", f"what={what}"]
    assert query([*flags, "--format", "csv"]) == 0
    return flags


def test_each_night_says_what_changed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_fake_bundle(tmp_path / "m")
    for night in NIGHTS:
        night.happens()
        flags = [flag.format(here=tmp_path) for flag in night.flags]
        assert main([*flags, *FLAGS]) == 0, night.reason
        said = capsys.readouterr().out.splitlines()
        assert night.news in said, (night.reason, said)
        count = "SELECT pages_ok FROM runs ORDER BY run_id DESC LIMIT 1"
        assert open_tables("out").sql(count).fetchone() == (night.pages_read,), night.reason
        assert named(Path("out"), "pages") == night.pages, night.reason
        assert named(Path("out"), "lines") == night.pages, night.reason
        check_queries(night, capsys)
        if "copy" in night.reason:
            (told,) = (line for line in said if "same image" in line)
            assert told.startswith("1 page has the same image as another page") and "a.jpg" in told
    pages = open_tables("out").sql("SELECT page_uri FROM pages WHERE status = 'ok'").fetchall()
    assert {name.partition("/")[0] for (name,) in pages} == {"scans"}
    connection = open_tables("out")
    sql = "SELECT count(*) FROM all_lines WHERE page_uri = 'scans/f.jpg'"
    assert connection.sql(sql).fetchone() == (4,)
    assert connection.sql("SELECT page_uri FROM gone").fetchall() == [("scans/f.jpg",)]
    sql = "SELECT count(*), sum(lines_ok) FROM pages WHERE status = 'ok'"
    assert connection.sql(sql).fetchone() == (8, 8 * 4 + 2)
    assert connection.sql("SELECT count(*) FROM lines").fetchone() == (8 * 4 + 2,)


def check_queries(night: Night, capsys: pytest.CaptureFixture) -> None:
    """Check that the query of each count lists as many pages."""
    for part in night.news.partition(";")[0].split(", "):
        count, what = part.split()
        listed(what)
        found = capsys.readouterr().out.splitlines()[1:]
        assert len(found) == int(count), (night.reason, what, found)
