"""The pages that are read: overview, search, documents, a page, its image and downloads."""

import io
import os
import re
import shutil
import time

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from pipelines.cli.progress import PageCounters, increment
from pipelines.tables.write import parquet_bytes
from schemas.tables import TABLES
from tests.pipelines.web.conftest import HOSTILE, RUN_2, line_row, run_row
from tests.pipelines.written_tables import whole_row, write_run


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", re.sub(r"</t[dh]>", " ", html)))


def page_link(client, query: str) -> str:
    """Return the address of the page that a search finds first."""
    html = client.get("/search", params={"q": query}).text
    return re.search(r'href="(/page/[0-9a-f]{16})#line-\d+"', html)[1]


def test_the_overview_says_how_it_stands(client):
    html = client.get("/").text
    said = text_of(html)
    assert "all 1 2 1 0 6 " in said
    assert "image does not decode" in said
    assert "transcribe default 3 2 1" in said


@pytest.mark.parametrize(
    ("query", "how", "texts"),
    [
        ("mariage", "exact", ["acte de mariage"]),
        ("ACTE naissance", "exact", ["acte de naissance"]),
        ("acte", "exact", ["acte de mariage", "acte de naissance"]),
        ("eleve", "exact", [f"{HOSTILE} & Élève"]),
        ("mari*", "exact", ["acte de mariage"]),
        # A letter that the model was not sure of, and another reading of the line.
        ("jean", "doubts", ["fils de Jeun"]),
        ("jean", "exact", []),
        ("notaire", "doubts", ["le maire de Paris"]),
        ("notaire", "exact", []),
        # One letter away.
        ("martin", "near", ["devant Martim"]),
        ("martin", "doubts", []),
        # Short words are near too many others.
        ("du", "near", []),
        ("nowhere", "near", []),
        ("", "near", []),
        ("' OR 1=1 --", "near", []),
    ],
)
def test_search_finds_lines(client, query, how, texts):
    html = client.get("/search", params={"q": query, "how": how}).text
    found = [text_of(one) for one in re.findall(r'<p class="text" dir="auto">(.*?)</p>', html)]
    escaped = [text.replace("<", "&lt;").replace(">", "&gt;") for text in texts]
    assert [one.replace("&#34;", '"').replace("&amp;", "&") for one in found] == escaped


def test_the_words_are_marked(client):
    html = client.get("/search?q=maire").text
    assert "le <mark>maire</mark> de Paris" in html
    assert "marks=3-8&amp;of=17" in html
    doubtful = client.get("/search?q=jean").text
    assert "fils de <mark>Jeun</mark>" in doubtful
    assert "may also read <em>jean</em>" in doubtful


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 2),
        ({"collection": "all"}, 2),
        ({"collection": "other"}, 0),
        ({"least": "80"}, 2),
        ({"least": "95"}, 0),
        ({"since": "2026-01-02"}, 0),
        ({"since": "2026-01-01", "until": "2026-01-01"}, 2),
        ({"until": "2025-12-31"}, 0),
        ({"document": "/nowhere/"}, 0),
        ({"since": "yesterday", "least": "-1", "page": "0"}, 2),
    ],
)
def test_filters(client, filters, count):
    html = client.get("/search", params={"q": "acte", **filters}).text
    assert html.count('<p class="text"') == count


def test_hits_are_counted_and_turned_over(archive, client):
    uri = archive.uri("a")
    lines = [line_row(uri, index, f"item {index}") for index in range(45)]
    write_run(archive.transcripts, run_row(RUN_2), pages=[archive.page("a")], lines=lines)
    wait_for(client, "/search?q=item", "45 lines, 1 to 20")
    html = client.get("/search?q=item&page=3").text
    assert "45 lines, 41 to 45" in html and "item</mark> 44" in html
    assert 'rel="prev" href="/search?q=item&amp;page=2"' in html and 'rel="next"' not in html


def wait_for(client, address: str, text: str) -> None:
    until = time.monotonic() + 20
    while text not in client.get(address).text:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_run_that_is_published_meanwhile_appears(archive, client):
    assert "No line" in client.get("/search?q=zebra").text
    lines = [line_row(archive.uri("a"), 0, "zebra")]
    write_run(archive.transcripts, run_row(RUN_2), pages=[archive.page("a")], lines=lines)
    wait_for(client, "/search?q=zebra", "1 line")
    # The older reading of the page no longer counts.
    assert "No line" in client.get("/search?q=mariage&how=exact").text


def test_a_page_has_text_lines_and_neighbours(client):
    address = page_link(client, "mariage")
    html = client.get(address).text
    assert html.count('<li class="line"') == 3
    assert 'points="50,55 420,55 420,120 50,120"' in html
    assert 'Je<span class="doubt2" title="or a">u</span>n' in html
    assert 'rel="next"' in html and 'rel="prev"' not in html
    assert client.get("/browse").status_code == 200
    document = re.search(
        r'href="(/browse\?collection=all&document=[^"]+)"', html.replace("&amp;", "&")
    )
    assert text_of(client.get(document[1]).text).count("3 lines,") == 2


def test_other_readings_and_their_differences(archive, client):
    lines = [line_row(archive.uri("a"), 0, "acte du mariage")]
    write_run(archive.transcripts, run_row(RUN_2), pages=[archive.page("a")], lines=lines)
    wait_for(client, "/search?q=du", "1 line")
    address = page_link(client, "du")
    assert "acte du mariage" in client.get(address).text
    earlier = "20260101T000000-000000-aa"
    html = client.get(f"{address}?against={earlier}").text
    assert "acte d<del>e</del><ins>u</ins> mariage" in html
    assert "acte de mariage" in client.get(f"{address}?run={earlier}").text


def test_images_as_tiles_lines_and_whole(client):
    key = page_link(client, "mariage").rpartition("/")[2]
    facts = client.get(f"/image/{key}/facts").json()
    assert facts == {"width": 640, "height": 370, "levels": 3, "tile": 512}
    sizes = {
        f"/image/{key}/2/0_0.jpg": (512, 370),
        f"/image/{key}/2/1_0.jpg": (128, 370),
        f"/image/{key}/0/0_0.jpg": (160, 93),
        f"/image/{key}/whole.jpg": (640, 370),
        f"/image/{key}/small.jpg": (320, 185),
        f"/image/{key}/line/0.jpg": (390, 85),
    }
    for address, size in sizes.items():
        with Image.open(io.BytesIO(client.get(address).content)) as image:
            assert image.size == size, address
    with Image.open(
        io.BytesIO(client.get(f"/image/{key}/line/0.jpg?marks=0-4&of=15").content)
    ) as image:
        colours = np.asarray(image)
        assert image.mode == "RGB" and colours[4, 40, 2] < 200 < colours[4, 250, 2]


@pytest.mark.parametrize(
    "address",
    [
        "/page/0000000000000000",
        "/page/..%2f..%2fetc%2fpasswd",
        "/page/zzzz",
        "/image/0000000000000000/facts",
        "/image/KEY/9/0_0.jpg",
        "/image/KEY/0/7_7.jpg",
        "/image/KEY/line/99.jpg",
        "/page/KEY/download/exe",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/nowhere",
    ],
)
def test_what_is_not_there_is_not_found(client, address):
    key = page_link(client, "mariage").rpartition("/")[2]
    assert client.get(address.replace("KEY", key)).status_code == 404


def test_a_page_that_failed_says_so(archive, client):
    html = client.get("/").text
    address = re.search(r'href="(/page/[0-9a-f]{16})">c.jpg', html)[1]
    assert "This page was not read (failed)" in client.get(address).text
    assert client.get(f"/image/{address.rpartition('/')[2]}/whole.jpg").status_code == 404
    assert client.get(f"{address}/download/text").status_code == 404


@pytest.mark.parametrize(
    ("name", "start"),
    [("text", b"acte de mariage\n"), ("page", b"<?xml"), ("alto", b"<?xml"), ("hocr", b"<?xml"),
     ("tei", b"<?xml"), ("pdf", b"%PDF")],
)  # fmt: skip
def test_downloads(client, name, start):
    answer = client.get(f"{page_link(client, 'mariage')}/download/{name}")
    assert answer.content.startswith(start)
    assert answer.headers["content-disposition"].startswith('attachment; filename="a')


def test_an_image_that_is_gone_or_changed_leaves_the_text(archive, client):
    address = page_link(client, "mariage")
    key = address.rpartition("/")[2]
    (archive.folder / "a.jpg").unlink()
    html = client.get(address).text
    assert "the image cannot be opened" in html and "acte de mariage" in html
    assert "cannot be opened" in client.get(f"/image/{key}/facts").json()["error"]
    assert client.get(f"{address}/download/pdf").status_code == 409
    (archive.folder / "a.jpg").write_bytes((archive.folder / "b.jpg").read_bytes() + b" ")
    assert "was changed" in client.get(f"/image/{key}/facts").json()["error"]


def test_nothing_in_the_tables_becomes_markup(client):
    html = client.get(page_link(client, "eleve")).text + client.get("/search?q=eleve").text
    html += client.get("/search", params={"q": HOSTILE, "document": HOSTILE}).text
    assert HOSTILE not in html and "&lt;script&gt;" in html


def test_the_overview_follows_a_run_that_is_going_on(archive, client):
    assert "A run" not in text_of(client.get("/").text)
    folder = archive.transcripts / ".unfinished" / "portions"
    (folder / "counts").mkdir(parents=True)
    counters = PageCounters.in_folder(str(folder / "counts"))
    for path in [counters.found] * 4 + [counters.finished] * 3:
        increment(path)
    pages = [archive.page("a"), archive.page("c", status="failed", lines_ok=0)]
    rows = [whole_row("pages", {"run_id": RUN_2} | one) for one in pages]
    parquet = parquet_bytes(pa.Table.from_pylist(rows, schema=TABLES["pages"]))
    (folder / "pages-1.parquet").write_bytes(parquet)
    # One that is being written.
    (folder / "pages-2.parquet").write_bytes(parquet[:50])
    said = text_of(client.get("/").text)
    assert "A run is going on. 3 of 4 pages done so far, 1 failed." in said
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))
    assert "has written nothing since 1970-01-01 00:00 UTC" in text_of(client.get("/").text)
    # On other machines, nothing is counted.
    shutil.rmtree(folder / "counts")
    assert "2 pages done so far, 1 failed." in text_of(client.get("/").text)


def test_a_document_is_shown_by_its_first_page_that_was_read(archive, client):
    pages = [archive.page("0", status="failed", document="d"), archive.page("b", document="d")]
    pages += [archive.page("c", status="failed", document="e")]
    lines = [line_row(archive.uri("b"), 0, "zebra")]
    write_run(archive.transcripts, run_row(RUN_2), pages=pages, lines=lines)
    wait_for(client, "/search?q=zebra", "1 line")
    html = client.get("/browse").text
    key = page_link(client, "zebra").rpartition("/")[2]
    assert f"/image/{key}/small.jpg" in html and "not read" in html
