"""Invalid and malicious input of `python -m pipelines.transcribe`: only the bad page fails."""

import errno

import pytest

from model.recogniser import bundle
from pipelines.pages.image import use_image
from pipelines.transcribe import main
from pipelines.transcripts.tables import open_tables
from tests.drawn_files import encrypted_pdf
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.hostile import file, unreadable, write_archive
from tests.pipelines.hostile_images import IMAGES

PDF_WITHOUT_PAGES = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n"
)
CASES = IMAGES | {
    "locked PDF": unreadable(file("x.pdf", encrypted_pdf()), "x.pdf", "read", "", "encrypted"),
    "PDF without pages": unreadable(file("x.pdf", PDF_WITHOUT_PAGES), "x.pdf", "read", "", ""),
    "PDF of nothing": unreadable(file("x.pdf", b""), "x.pdf", "read", "", ""),
}


def transcribe(folder, *flags):
    paths = [f"--{flag}={folder / name}" for flag, name in (("input", "in"), ("output", "out"))]
    fixed = ["--runner", "DirectRunner", "--max_failure_rate", "1"]
    return main([*paths, "--model", str(folder / "m"), *fixed, *flags])


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Transcribe all cases at once; return (status, error) by (case, file)."""
    folder = tmp_path_factory.mktemp("hostile")
    write_fake_bundle(folder / "m")
    write_archive(folder / "in", CASES)
    assert transcribe(folder, "--lines", "whole") == 0
    query = (
        "SELECT page_uri, pages.status, any_value(error) FROM pages "
        "LEFT JOIN failures ON uri = page_uri WHERE status <> 'skipped' GROUP BY ALL"
    )
    rows = open_tables(str(folder / "out")).sql(query).fetchall()
    return {tuple(uri.rsplit("/", 2)[1:]): (status, error) for uri, status, error in rows}


@pytest.mark.parametrize("name", CASES)
def test_an_image_is_read_or_fails_with_its_reason_and_others_are_read(outcomes, name):
    here = {image: outcome for (case, image), outcome in outcomes.items() if case == name}
    assert here.pop("healthy.jpg") == ("ok", None)
    ((_, (status, error)),) = here.items()
    assert status == ("failed" if CASES[name].failures else "ok")
    for *_, words in CASES[name].failures:
        assert words in error


@pytest.fixture
def archive(tmp_path):
    write_fake_bundle(tmp_path / "m")
    write_page(tmp_path / "in", "p")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (bundle.ONNX_FILE, None, "no model.onnx; give a folder that train pushed"),
        (bundle.ONNX_FILE, b"no network", "m: "),
        (bundle.CHARSET_FILE, None, "no charset.json"),
        (bundle.CHARSET_FILE, b'{"characters": ["a"]', "m: "),
        (bundle.PREPROCESS_FILE, b'{"of": "another version"}', "m: "),
    ],
)
def test_an_invalid_model_is_one_line(archive, capsys, name, content, reason):
    (archive / "m" / name).unlink()
    if content is not None:
        (archive / "m" / name).write_bytes(content)
    assert transcribe(archive) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1 and not (archive / "out").exists()


def test_a_full_disk_is_one_line_and_the_run_does_not_count(archive, capsys, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.archive.portions.write_durably", full)
        assert transcribe(archive) == 4
    assert (
        "no space left on the disk; free some and run the same command again"
        in capsys.readouterr().err
    )
    assert not (archive / "out" / "runs").exists()
    assert transcribe(archive) == 0
    assert open_tables(str(archive / "out")).sql("SELECT status FROM runs").fetchall() == [
        ("complete",)
    ]


def test_a_page_that_is_deleted_during_the_run_is_a_failure(archive, monkeypatch):
    write_page(archive / "in", "q")

    def vanish(source, *arguments):
        if source.uri.endswith("q.jpg"):
            (archive / "in" / "q.jpg").unlink()
        return use_image(source, *arguments)

    monkeypatch.setattr("pipelines.transcription.read_pages.use_image", vanish)
    assert transcribe(archive) == 0
    query = "SELECT status, count(*) FROM pages GROUP BY ALL ORDER BY ALL"
    found = open_tables(str(archive / "out")).sql(query).fetchall()
    assert found == [("failed", 1), ("ok", 1), ("skipped", 2)]
