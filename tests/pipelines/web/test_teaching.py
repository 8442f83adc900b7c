"""The whole loop: read pages, correct lines on the page, learn from them, read again, better."""

from __future__ import annotations

from html import unescape

import numpy as np
import pytest

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from starlette.testclient import TestClient

from model.dataset.examples import read_examples
from model.synthetic.pages import choose_hand, draw_page
from model.synthetic.texts import compose_text
from pipelines.ingest import main as ingest
from pipelines.transcribe import main as transcribe
from pipelines.transcripts.tables import edits, open_tables
from pipelines.web.app import make_app
from pipelines.web.config import LOOPBACK, ServeConfig
from tests.drawn import png
from tests.pipelines.web.test_correcting import HTMX, field

pytestmark = pytest.mark.train

PAGES, LINES, CORRECTED = 7, 12, 60
# So that two runs of the test compute the same.
STEADY = ["--threads", "1", "--precision", "float32", "--augmentation", "0"]
# Letters are to be learnt; a language model of 48 lines says nothing.
LETTERS = ["--recurrent_epochs", "0", "--language_model_order", "0"]


def draw_archive(folder) -> dict[str, list[str]]:
    """Draw pages of one hand; return the texts of each, by its name."""
    folder.mkdir()
    hand, texts = choose_hand(np.random.default_rng(3)), {}
    for number in range(PAGES):
        rng = np.random.default_rng([3, number])
        lines = [compose_text(rng) for _ in range(LINES)]
        (folder / f"p{number}.png").write_bytes(png(draw_page(lines, rng, hand)[0]))
        texts[f"p{number}.png"] = lines
    return texts


def read(folder, *flags: str) -> None:
    paths = ["--input", f"{folder}/scans", "--output", f"{folder}/t", "--lines", "find"]
    run = ["--runner", "DirectRunner", "--jobs", "1", "--quality", "fast"]
    assert transcribe([*paths, *run, *flags]) == 0


def lines_read(folder) -> list[tuple[str, int, str]]:
    """Return page, place and text of each line as the newest run read it."""
    sql = (
        "SELECT parse_filename(page_uri), line_index, text FROM lines ORDER BY page_uri, line_index"
    )
    return open_tables(f"{folder}/t").sql(sql).fetchall()


def correct_on_the_pages(folder, texts: dict[str, list[str]]) -> set[str]:
    """Type what the first lines read, as a browser would; return the pages that they are on."""
    config = ServeConfig(f"{folder}/t", cache=f"{folder}/cache", hosts=LOOPBACK, user="ada")
    client = TestClient(make_app(config), "http://localhost")
    keys = {
        row["name"]: f"/page/{row['page_key']:016x}"
        for row in client.app.state.library.search("SELECT name, page_key FROM pages")
    }
    places = [(name, index) for name in sorted(texts) for index in range(LINES)][:CORRECTED]
    for name, index in places:
        line = f"{keys[name]}/line/{index}"
        html = client.get(f"{line}/edit", headers=HTMX).text
        fields = {"csrf": field(html, "csrf"), "seen": field(html, "seen")}
        answer = client.post(line, data=fields | {"text": texts[name][index]}, headers=HTMX)
        assert answer.status_code == 200 and texts[name][index] in unescape(answer.text)
    return {name for name, _ in places}


def test_a_model_learns_from_what_people_corrected(tmp_path):
    from model.training.__main__ import main as train

    texts = draw_archive(tmp_path / "scans")
    read(tmp_path)
    before = lines_read(tmp_path)
    assert len(before) == PAGES * LINES
    corrected = correct_on_the_pages(tmp_path, texts)

    paths = ["--input", f"{tmp_path}/t", "--corrections", "--output", f"{tmp_path}/d"]
    splits = ["--eval_fraction", "0.2", "--test_fraction", "0"]
    assert ingest([*paths, *splits, "--runner", "DirectRunner"]) == 0
    files = sorted(map(str, (tmp_path / "d").rglob("*.tfrecord.gz")))
    assert sum(1 for _ in read_examples(files)) == CORRECTED

    flags = ["--dataset", f"{tmp_path}/d", "--output", f"{tmp_path}/m", "--init", "default"]
    assert train([*flags, "--epochs", "3", *STEADY, *LETTERS]) == 0
    read(tmp_path, "--model", f"{tmp_path}/m")
    after = lines_read(tmp_path)

    # Of the pages that nobody corrected.
    errors = [
        sum(edits(text, texts[name][index]) for name, index, text in lines if name not in corrected)
        for lines in (before, after)
    ]
    assert errors[1] < 0.7 * errors[0]
