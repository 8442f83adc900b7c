"""`python -m pipelines.evaluate` on a split of a dataset, through its main."""

import gzip
import json
from dataclasses import replace

import pytest

from model.decoding.config import BeamConfig
from model.decoding.page_error import PageErrorModel
from model.decoding.settings import Calibration, DecodingSettings
from model.line_images.preprocess import PreprocessConfig
from model.recogniser.bundle import DECODING_FILE, load_bundle, write_settings
from model.recogniser.line_reading import read_line
from model.text.charset import Charset
from pipelines.evaluate import main as evaluate
from pipelines.evaluation import dataset as evaluation_dataset
from pipelines.ingest import main as ingest
from pipelines.transcribe import main as transcribe
from schemas.features import DATASET_VERSION
from schemas.records import Failure
from tests.drawn import line_example, write_tfrecords
from tests.fakes import CHARACTERS, write_fake_bundle, write_language_model
from tests.pipelines.drawn_archive import write_page

# Mostly characters of the fake model's charset.
TEXTS = ("abbé de cadeba", "ecadé bac", "dé ace eba z", "bac cadeb")
DIRECT = ["--runner", "DirectRunner"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_fake_bundle(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture
def dataset(tmp_path):
    """Twenty lines on two pages, in two files."""
    lines = [line_example(TEXTS[i % len(TEXTS)], i, "test") for i in range(20)]
    lines = [replace(line, document="ab"[i % 2]) for i, line in enumerate(lines)]
    for i, part in enumerate((lines[::2], lines[1::2])):
        write_tfrecords(tmp_path / "ds" / "test" / f"lines-{i}.tfrecord.gz", part)
    return tmp_path / "ds"


def measured(capsys, dataset, model, *flags):
    assert evaluate(["--dataset", str(dataset), "--model", str(model), *map(str, flags)]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def refused(capsys, dataset, model, *flags):
    assert evaluate(["--dataset", str(dataset), "--model", str(model), *flags]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def test_dataset_and_transcripts_give_the_same_figures(tmp_path, model, capsys):
    for i in range(3):
        write_page(tmp_path / "letters" / "test", f"p{i}", TEXTS[i : i + 2])
    pages = tmp_path / "letters" / "test"
    paths = ["--input", f"{pages}/*.xml", "--output", f"{tmp_path}/ds"]
    alone = ["--test_fraction", "1", "--eval_fraction", "0"]
    assert ingest([*paths, *alone, *DIRECT]) == 0
    paths = ["--input", f"{pages}/*.jpg", "--output", f"{tmp_path}/out"]
    assert transcribe([*paths, "--model", str(model), "--lines", "given", *DIRECT]) == 0
    of_dataset = measured(capsys, tmp_path / "ds", model, "--split", "test")
    truth = ["--transcripts", f"{tmp_path}/out", "--truth", f"{pages}/*.xml"]
    assert evaluate(truth) == 0
    of_transcripts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert of_dataset.pop("characters_unknown") == 2
    assert of_transcripts.pop("lines_without_truth") == 0
    assert of_dataset.pop("confidence")["decoding"] == "greedy"
    assert of_dataset == of_transcripts
    assert of_dataset["lines"] == 6
    assert of_dataset["model_digest"] == load_bundle(model).digest()


def test_slices_and_intervals_are_reported(dataset, model, capsys):
    figures = measured(capsys, dataset, model)
    assert figures["lines"] == 20 and figures["pages"] == 4
    assert set(figures["slices"]["document"]) == {"a", "b"}
    assert [s["lines"] for s in figures["slices"]["document"].values()] == [10, 10]
    low, high = figures["cer_interval"]
    assert 0 < low < figures["cer"] < high
    assert list(figures["views"]) == [
        "raw",
        "case_folded",
        "without_punctuation",
        "without_diacritics",
    ]
    assert figures["views"]["without_diacritics"]["cer"] != figures["cer"]


def test_the_report_has_the_lines_of_the_dataset(dataset, model, tmp_path, capsys):
    report = tmp_path / "r.html"
    measured(capsys, dataset, model, "--report", report)
    document = report.read_text("utf-8")
    assert document.count('src="data:image/png;base64,iVBOR') == 20
    assert "test of ds" in document


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (DecodingSettings(knows_words=True), "no words.json"),
        (DecodingSettings(auxiliary_share=0.5), "no auxiliary.onnx; copy the model again"),
    ],
)
def test_a_beam_search_without_its_files_is_refused(dataset, tmp_path, capsys, settings, missing):
    other = write_fake_bundle(tmp_path / "other")
    write_language_model(other, TEXTS, order=4)
    (other / DECODING_FILE).write_text(settings.to_json())
    error = refused(capsys, dataset, other, "--decoding", "beam")
    assert "--decoding beam: " in error and missing in error


def test_a_beam_search_is_evaluated_with_its_calibration(dataset, tmp_path, capsys):
    other = write_fake_bundle(tmp_path / "other")
    error = refused(capsys, dataset, other, "--decoding", "beam")
    assert "--decoding beam: " in error and "no language_model.bin; add one" in error
    whole = load_bundle(other)
    write_language_model(other, TEXTS, order=4)
    page_error = PageErrorModel((0.0, 1.0), (0.0, 1.0))
    search = BeamConfig(lm_weight=2.0, least_probability=0.0, least_share=0.0)
    settings = DecodingSettings(search, beam=Calibration(2.0, page_error))
    (other / DECODING_FILE).write_text(settings.to_json())
    greedy = measured(capsys, dataset, other, "--decoding", "greedy")
    assert greedy["model_digest"] == whole.digest() and greedy["confidence"]["temperature"] == 1
    assert "pages_predicted" not in greedy["confidence"]
    report = tmp_path / "r.html"
    beam = measured(capsys, dataset, other, "--decoding", "beam", "--report", report)
    assert beam["model_digest"] == whole.digest("beam") != whole.digest()
    assert beam["confusions"] != greedy["confusions"]
    assert measured(capsys, dataset, other) == beam
    said = beam["confidence"]
    assert (said["decoding"], said["temperature"], said["pages_predicted"]) == ("beam", 2, 2)
    assert 0 < said["calibration_error"] != said["calibration_error_tempered"] > 0
    document = report.read_text("utf-8")
    assert document.count('<svg class="reliability"') == 2
    assert "CER predicted" in document and whole.digest("beam") in document


def test_characters_outside_the_charset_are_reported(dataset, model, capsys):
    assert evaluate(["--dataset", str(dataset), "--model", str(model)]) == 0
    out = capsys.readouterr().out
    assert "counted as errors: 5 (z)\n" in out
    assert json.loads(out.splitlines()[-1])["characters_unknown"] == 5


def test_a_model_of_another_charset_is_refused(dataset, tmp_path, capsys):
    bundle = load_bundle(write_fake_bundle(tmp_path / "other"))
    characters = tuple("абвгде ")
    assert len(characters) == len(CHARACTERS)
    write_settings(bundle.directory, Charset(characters), bundle.preprocess)
    error = refused(capsys, dataset, bundle.directory)
    assert "has another charset" in error and "100%" in error


def test_a_charset_that_is_not_the_networks_is_refused(dataset, tmp_path, capsys):
    bundle = load_bundle(write_fake_bundle(tmp_path / "other"))
    write_settings(bundle.directory, Charset((*CHARACTERS, "x")), bundle.preprocess)
    assert "logits is [batch, time, 8] and not [*, *, 9]" in refused(
        capsys, dataset, bundle.directory
    )


def test_a_model_for_lines_of_another_height_is_refused(dataset, tmp_path, capsys):
    other = write_fake_bundle(tmp_path / "other", strip_height_px=96)
    error = refused(capsys, dataset, other)
    assert "64 px high but the model expects 96" in error and "--line_height_px 96" in error


def test_a_network_for_lines_of_another_height_is_refused(dataset, tmp_path, capsys):
    bundle = load_bundle(write_fake_bundle(tmp_path / "other"))
    write_settings(bundle.directory, bundle.charset, PreprocessConfig(64, 48))
    assert "strips is [batch, 32, width, 1] and not [*, 48, *, 1]" in refused(
        capsys, dataset, bundle.directory
    )


def test_a_model_that_reads_no_line_is_refused(dataset, model, monkeypatch, capsys):
    failure = Failure("p", "recognise", "network gave logits that are not numbers", "l")
    monkeypatch.setattr(evaluation_dataset, "read_line", lambda *_: failure)
    assert "could not read any line" in refused(capsys, dataset, model)


def test_a_line_that_cannot_be_read_counts_as_deleted(dataset, model, monkeypatch, capsys):
    def read_all_but_one(image, recogniser, language):
        if image.line.line_id == "l3":
            return Failure(image.page_uri, "recognise", "no", "l3")
        return read_line(image, recogniser, language)

    monkeypatch.setattr(evaluation_dataset, "read_line", read_all_but_one)
    figures = measured(capsys, dataset, model)
    assert (figures["lines"], figures["lines_missing"]) == (20, 1)


def test_a_network_that_does_not_load_is_refused(dataset, tmp_path, capsys):
    bundle = load_bundle(write_fake_bundle(tmp_path / "other"))
    bundle.onnx_path.write_bytes(b"no network")
    assert "model.onnx" in refused(capsys, dataset, bundle.directory)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (json.dumps({"schema_version": "0.9"}), "schema version 0.9"),
        ("{}", "not a manifest of Quire"),
        ("[", "not a manifest of Quire"),
    ],
)
def test_a_dataset_of_another_schema_is_refused(dataset, model, capsys, manifest, reason):
    (dataset / "manifest.json").write_text(manifest)
    error = refused(capsys, dataset, model)
    assert reason in error and "ingest" in error


def test_a_dataset_of_this_schema_is_evaluated(dataset, model, capsys):
    (dataset / "manifest.json").write_text(json.dumps({"schema_version": DATASET_VERSION}))
    assert measured(capsys, dataset, model)["lines"] == 20


def test_an_empty_split_is_refused(dataset, model, capsys):
    assert "eval: no *.tfrecord.gz" in refused(capsys, dataset, model, "--split", "eval")
    write_tfrecords(dataset / "eval" / "lines.tfrecord.gz", [])
    assert "no line with text" in refused(capsys, dataset, model, "--split", "eval")
    assert "no such folder" in refused(capsys, dataset / "no", model)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no gzip", "not a whole gzip TFRecord file"),
        (gzip.compress(b"\x04" + bytes(11) + b"junk" + bytes(4)), "not lines of Quire"),
        (gzip.compress(bytes(16)), "record has no feature"),
    ],
)
def test_files_without_line_records_are_refused(dataset, model, capsys, content, reason):
    path = dataset / "test" / "lines-0.tfrecord.gz"
    path.write_bytes(content)
    error = refused(capsys, dataset, model)
    assert reason in error and str(path) in error


def test_a_line_image_that_does_not_decode_is_named(dataset, model, capsys):
    line = replace(line_example("abc", 7, "test"), image=b"no PNG")
    write_tfrecords(dataset / "test" / "lines-0.tfrecord.gz", [line])
    assert "l7: line image does not decode" in refused(capsys, dataset, model)


def test_lines_without_text_do_not_count(dataset, model, capsys):
    lines = [
        replace(line_example("abc", i, "test"), text=text) for i, text in enumerate(("abc", " "))
    ]
    write_tfrecords(dataset / "eval" / "lines.tfrecord.gz", lines)
    figures = measured(capsys, dataset, model, "--split", "eval")
    assert (figures["lines"], figures["characters"]) == (1, 3)
