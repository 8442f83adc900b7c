"""`python -m pipelines.transcribe` by another model, and by an earlier one again."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.decoding.settings import DecodingSettings
from model.recogniser.bundle import DECODING_FILE
from tests.fakes import write_language_model
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.nights import ask, draw_archive, last_run, planned, transcribe


@pytest.fixture
def archive(tmp_path):
    return draw_archive(tmp_path)


def test_another_model_reads_all_pages_and_the_difference_can_be_seen(archive):
    assert transcribe(archive) == 0
    charset = archive / "m" / "charset.json"
    charset.write_text(charset.read_text("utf-8").replace("é", "è"), "utf-8")
    assert transcribe(archive) == 0
    assert last_run(archive)[1] == 3
    (old,), (new,) = ask(archive, "SELECT run_id FROM runs ORDER BY run_id")
    changes = ask(archive, f"SELECT old_text, new_text, edits FROM line_changes('{old}', '{new}')")
    assert changes and all(before.replace("é", "è") == after for before, after, _ in changes)
    assert [edits for *_, edits in changes] == [before.count("é") for before, *_ in changes]
    assert ask(archive, "SELECT count(*) FROM lines WHERE contains(text, 'é')") == [(0,)]


def change_model(archive):
    charset = archive / "m" / "charset.json"
    charset.write_text(charset.read_text("utf-8").replace("é", "è"), "utf-8")


def test_only_new_pages_are_read_by_another_model(archive, capsys):
    assert transcribe(archive) == 0
    write_page(archive / "in", "p2", ("another text",))
    write_page(archive / "in", "p4")
    change_model(archive)
    (archive / "in" / "p3.jpg").rename(archive / "in" / "p5.jpg")
    (archive / "in" / "p3.xml").rename(archive / "in" / "p5.xml")
    plan = planned(archive, capsys, "--only", "new")
    # What is renamed is new by its name, until its image is looked at.
    assert plan == "pages: 3 to read (2 new, 1 changed), 1 unchanged, 0 unreadable, 4 skipped"
    assert transcribe(archive, "--only", "new") == 0
    assert "1 new, 1 changed, 1 renamed, 1 unchanged, 0 gone" in capsys.readouterr().out
    assert last_run(archive)[1] == 2
    models = "SELECT count(DISTINCT model_digest) FROM pages JOIN runs USING (run_id)"
    assert ask(archive, models) == [(2,)]
    assert transcribe(archive, "--only", "new", "--redo") == 2
    assert "--only new and --redo exclude each other" in capsys.readouterr().err
    plan = planned(archive, capsys)
    # The reading that the renamed page was given counts as one of the run that gave it.
    again = "0 new, 0 changed, 1 read before by another model"
    assert plan == f"pages: 1 to read ({again}), 3 unchanged, 0 unreadable, 4 skipped"
    assert transcribe(archive) == 0 and last_run(archive)[1] == 1
    assert "; 1 read again by another model" in capsys.readouterr().out


def test_a_run_names_the_folder_of_its_model_and_not_a_link(archive):
    (archive / "m").rename(archive / "m1")
    (archive / "m").symlink_to("m1")
    assert transcribe(archive) == 0
    ((model, flags),) = ask(archive, "SELECT model, flags FROM runs")
    assert model == str(archive / "m1") == json.loads(flags)["recognition"]["model"]


def test_another_language_is_another_reading(archive, capsys):
    model = archive / "m"
    write_language_model(model, ["abbé de cade"])
    write_language_model(model, ["dede cab"], language="it")
    (model / DECODING_FILE).write_text(DecodingSettings(language="fr").to_json())
    languages = "SELECT DISTINCT language FROM pages WHERE status = 'ok'"
    for language, name in (("auto", "fr"), ("it", "it"), ("none", None)):
        assert transcribe(archive, "--language", language) == 0
        assert last_run(archive)[1] == 3 and ask(archive, languages) == [(name,)]
    assert transcribe(archive, "--language", "none") == 0 and last_run(archive)[1] == 0
    assert transcribe(archive, "--language", "xx") == 2
    assert (
        "has language models of fr, it; give one of them, auto or none" in capsys.readouterr().err
    )
    assert transcribe(archive, "--language", "it", "--decoding", "greedy") == 2
    assert "--language need the beam search; add --decoding beam" in capsys.readouterr().err


def test_runs_are_in_order_though_the_clock_was_set_back(archive, monkeypatch):
    assert transcribe(archive) == 0
    for path in archive.glob("out/**/*.parquet"):
        rows = pq.ParquetFile(path).read()
        late = pa.array(["20991231T235959-000000-aaaaaa"] * len(rows), pa.string())
        pq.write_table(rows.set_column(rows.schema.names.index("run_id"), "run_id", late), path)
        number = path.stem[-6:] if path.parent.name != "runs" else ""
        path.rename(path.with_name(f"20991231T235959-000000-aaaaaa{number}.parquet"))
    write_page(archive / "in", "p2", ("another text",))
    assert transcribe(archive) == 0
    texts = "SELECT count(*) FROM lines WHERE page_uri LIKE '%p2.jpg'"
    assert ask(archive, texts) == [(1,)]
    newest = "SELECT run_id FROM runs ORDER BY started DESC LIMIT 1"
    assert ask(archive, newest)[0][0].startswith("20991231T235959-000001-")


def test_a_page_that_is_changed_back_is_not_read_again(archive):
    def texts():
        return dict(ask(archive, "SELECT line_id, text FROM lines WHERE page_uri LIKE '%p1.jpg'"))

    def swap(name, content):
        (archive / name).write_bytes(content)
        assert transcribe(archive) == 0

    assert transcribe(archive) == 0
    first = texts()
    image, xml, charset = names = "in/p1.jpg", "in/p1.xml", "m/charset.json"
    before = {name: (archive / name).read_bytes() for name in names}
    after = {
        image: before[image] + b" ",
        xml: before[xml].replace(b'id="l1"', b'id="l9"'),
        charset: before[charset].replace("é".encode(), "è".encode()),
    }
    for name in names:
        read_pages = 3 if name == charset else 1
        swap(name, after[name])
        assert last_run(archive)[1] == read_pages
        swap(name, before[name])
        # The three XML files count as known by the model that met them last.
        assert last_run(archive) == (6, 0, 0, 6, 3 if name == charset else 6)
        assert texts() == first
        assert transcribe(archive) == 0
        assert last_run(archive) == (6, 0, 0, 6, 6) and texts() == first
    restored = "SELECT pages_restored FROM runs WHERE pages_restored > 0 ORDER BY run_id"
    assert ask(archive, restored) == [(1,), (1,), (3,)]
    assert ask(archive, "SELECT count(*) FROM pages WHERE status = 'ok'") == [(3,)]
