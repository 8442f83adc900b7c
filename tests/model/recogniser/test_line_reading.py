"""Recognition of many lines: the text does not depend on the batch, and lines fail alone."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import DEFAULT_MODEL
from model.decoding.config import BEAM, DECODINGS, DecodingConfig
from model.decoding.language_fit import Surprise
from model.decoding.settings import DecodingSettings
from model.networks.session import AUTO, CPU, GPU, is_on_gpu, open_session
from model.recogniser.bundle import DECODING_FILE, ONNX_FILES, load_bundle
from model.recogniser.line_reading import read_line, read_lines, read_pages, run_in_halves
from model.recogniser.recogniser import Recogniser
from schemas.records import Failure, Line, LineImage
from tests.drawn import text_strip
from tests.fakes import write_fake_bundle, write_language_model


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    return Recogniser(load_bundle(write_fake_bundle(tmp_path_factory.mktemp("m") / "m")))


def image(text, number, strip=None):
    return LineImage(
        f"p{number % 3}", Line(f"l{number}", number), text_strip(text) if strip is None else strip
    )


IMAGES = [image(text, i) for i, text in enumerate(["acte", "le maire", "an", "fils", "Jean", "x"])]


@pytest.mark.parametrize("batch_lines", [1, 2, 5])
def test_texts_do_not_depend_on_the_size_of_batches(recogniser, monkeypatch, batch_lines):
    monkeypatch.setattr(recogniser, "lines_at_once", lambda width_px: batch_lines)
    alone = [recogniser.read(image) for image in IMAGES]
    assert read_lines(IMAGES, recogniser) == alone
    assert read_lines(IMAGES[::-1], recogniser) == alone[::-1]
    assert read_line(IMAGES[0], recogniser, recogniser.plan.language) == alone[0]


def test_a_page_in_an_unknown_language_is_read_greedily(recogniser, tmp_path, monkeypatch):
    directory = write_fake_bundle(tmp_path / "m")
    write_language_model(directory, ["abbé de cade", "cad ace bac"])
    settings = DecodingSettings(most_surprise_nats=99.0)
    (directory / DECODING_FILE).write_text(settings.to_json())
    search = Recogniser(load_bundle(directory), DecodingConfig(BEAM))
    beam, greedy = read_lines(IMAGES, search), read_lines(IMAGES, recogniser)
    assert read_pages(IMAGES, search) == beam and read_pages(IMAGES, recogniser) == greedy
    # Of the three pages only the second is unknown, whatever the order.
    monkeypatch.setattr(search, "surprises", lambda logits: {"": Surprise(1.0, 1)})
    wanted = [
        replace(other, without_language=True) if one.page_uri == "p1" else one
        for one, other in zip(beam, greedy)
    ]
    images = [*IMAGES, image("an", 1), image("an", 4)]
    monkeypatch.setattr(
        search, "language_of", lambda found: None if found[""] == Surprise(4.0, 4) else ""
    )
    assert read_pages(images, search)[: len(IMAGES)] == wanted
    assert read_pages(images[::-1], search)[::-1][: len(IMAGES)] == wanted


@pytest.mark.parametrize("method", DECODINGS)
@pytest.mark.parametrize("precision", sorted(ONNX_FILES))
def test_logits_of_the_default_model_do_not_depend_on_the_batch(precision, method):
    default = Recogniser(load_bundle(DEFAULT_MODEL, precision), DecodingConfig(method))
    # Of the same width, but with very different ink.
    strips = [text_strip("le maire")[:, :400] for _ in range(17)]
    for number, strip in enumerate(strips):
        strip[:] = 255 - (255 - strip) // (1 + number % 5)
        strip[:, 20 * number : 20 * number + 5] = 0
    prepared = [default.prepare(image("", i, strip)) for i, strip in enumerate(strips)]
    alone = [default.run([one])[0] for one in prepared]
    for size in (2, 3, 5, 8, 16, 17):
        assert np.array_equal(default.run(prepared[:size]), alone[:size])


def test_batches_are_smaller_for_wide_lines_and_1_for_old_int8_networks(tmp_path):
    bundle = load_bundle(write_fake_bundle(tmp_path / "m"))
    lines_at_once = Recogniser(bundle).lines_at_once
    assert [lines_at_once(width_px) for width_px in (64, 2048, 99_968)] == [16, 4, 1]
    shutil.copy(bundle.onnx_path, tmp_path / "m" / ONNX_FILES["int8"])
    assert Recogniser(load_bundle(tmp_path / "m", "int8")).lines_at_once(64) == 1


def test_a_line_for_which_the_network_fails_fails_alone(recogniser, monkeypatch):
    run, bad = recogniser.run, recogniser.prepare(IMAGES[2])

    def refuse(prepared):
        if any(np.array_equal(one, bad) for one in prepared):
            raise RuntimeError("out of memory on the device")
        return run(prepared)

    monkeypatch.setattr(recogniser, "lines_at_once", lambda width_px: 8)
    monkeypatch.setattr(recogniser, "run", refuse)
    short = image("", 9, np.zeros((48, 99), np.uint8))
    outcomes = read_lines([*IMAGES, short], recogniser)
    failed = {o.line_id: o.error for o in outcomes if isinstance(o, Failure)}
    assert failed == {"l2": "out of memory on the device", "l9": "strip is 48 px high; want 64"}


@given(st.lists(st.integers(0, 20), max_size=40), st.integers(1, 9))
def test_running_in_halves_isolates_every_failing_item(items, modulus):
    def run(batch):
        if any(item % modulus == 0 for item in batch):
            raise ValueError("bad")
        return [item + 1 for item in batch]

    results = run_in_halves(items, run)
    assert [isinstance(r, ValueError) for r in results] == [i % modulus == 0 for i in items]
    assert all(r == i + 1 for r, i in zip(results, items) if i % modulus)


def test_a_gpu_is_used_only_if_there_is_one(tmp_path, monkeypatch):
    bundle = load_bundle(write_fake_bundle(tmp_path / "m"))
    only_cpu = ["CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: only_cpu)
    for device in (AUTO, CPU):
        assert not is_on_gpu(open_session(bundle.onnx_path, device))
    with pytest.raises(ValueError, match="install onnxruntime-gpu, or use --device cpu"):
        open_session(bundle.onnx_path, GPU)
