from __future__ import annotations

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from model.dataset.line_pages import page_to_json
from model.networks.presets import LineNetworkConfig
from model.segmentation.finder import load_line_network
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from model.training.lines.__main__ import main
from model.training.lines.batches import prepare_page
from model.training.lines.config import LineTrainingConfig
from model.training.lines.loop import LineTrainingRun
from model.training.lines.losses import line_loss
from model.training.networks.line_finder import build_line_network
from model.training.networks.line_finder_onnx import export_line_network
from model.training.optimisation.checkpoint import load_checkpoint
from tests.drawn import png

pytestmark = pytest.mark.train

SMALL = LineTrainingConfig(
    steps=4, batch_size=2, side_px=32, judge_steps=2, network=LineNetworkConfig((4, 6, 8))
)


def drawn(seed):
    rng = np.random.default_rng(seed)
    return draw_page([compose_text(rng, 16) for _ in range(4)], rng, uri=f"page{seed}.png")


def training_pages(*seeds):
    return [prepare_page(page, grey, True) for grey, page in map(drawn, seeds)]


def weights_after(folder, config=SMALL, runs=1):
    reported = []
    for _ in range(runs):
        run = LineTrainingRun(
            config, training_pages(0, 1), training_pages(2), folder, reported.append
        )
        model, results = run.run()
    return model.get_weights(), results, reported


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(tmp_path, monkeypatch):
    whole, results, _ = weights_after(tmp_path / "whole")
    assert [entry["step"] for entry in results] == [2, 4]
    assert (tmp_path / "whole" / "pieces_000004.jpg").stat().st_size > 500

    evaluate = LineTrainingRun._evaluate

    def evaluate_and_stop(run):
        evaluate(run)
        raise KeyboardInterrupt

    monkeypatch.setattr(LineTrainingRun, "_evaluate", evaluate_and_stop)
    with pytest.raises(KeyboardInterrupt):
        weights_after(tmp_path / "parts")
    monkeypatch.undo()
    parts, _, reported = weights_after(tmp_path / "parts")
    assert "resuming after 2 steps" in reported
    for one, other in zip(whole, parts):
        assert one == pytest.approx(other, abs=1e-5)


def test_the_checkpoint_of_another_run_is_rejected(tmp_path):
    weights_after(tmp_path)
    with pytest.raises(ValueError, match="other flags or pages"):
        weights_after(tmp_path, replace(SMALL, seed=1))


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"side_px": 36}, {"learning_rate": 0.0}])
def test_invalid_settings_are_rejected(wrong):
    with pytest.raises(ValueError, match="--"):
        replace(SMALL, **wrong)


def test_the_onnx_graph_computes_what_keras_computes(tmp_path):
    config = LineNetworkConfig((4, 6, 8))
    model = build_line_network(config)
    rng = np.random.default_rng(0)
    # Non-trivial statistics, so that errors in the folding show.
    model.set_weights([w + rng.uniform(0.05, 0.3, w.shape) for w in model.get_weights()])
    image = rng.random((1, 48, 64, 1), dtype=np.float32)
    path = tmp_path / "lines.onnx"
    path.write_bytes(export_line_network(model, config).SerializeToString())
    maps = load_line_network(path)(image.transpose(0, 3, 1, 2))
    expected = keras.ops.convert_to_numpy(model(image)).transpose(0, 3, 1, 2)
    assert maps == pytest.approx(expected, rel=1e-3, abs=float(1e-3 * np.abs(expected).max()))


def test_the_full_network_is_small_enough():
    config = LineNetworkConfig()
    model = build_line_network(config)
    assert model.count_params() < 1_000_000
    assert len(export_line_network(model, config).SerializeToString()) < 8_000_000


def test_the_loss_is_lower_for_better_maps():
    truth = np.zeros((1, 16, 16, 6), np.float32)
    truth[0, 8, 2:14, 0] = truth[0, 8, 2, 1] = truth[0, 8, 13, 2] = 1
    truth[0, 8, 2:14, 3:5], truth[..., 5] = 0.7, 1
    right = np.where(truth[..., :5] > 0.5, 6.0, -6.0).astype(np.float32)
    right[..., 3:5] = np.log(np.expm1(0.7))
    blank, shifted = np.full_like(right, -6), np.roll(right, 3, axis=1)
    losses = [float(line_loss(truth, logits, 0.8)) for logits in (right, blank, shifted)]
    assert losses[0] < 0.5 * losses[1] < losses[2]
    # Pixels of weight 0 do not count.
    truth[:, :, 9:, 5] = 0
    other = right.copy()
    other[:, :, 9:] = 5
    assert float(line_loss(truth, other, 0.8)) == pytest.approx(
        float(line_loss(truth, right, 0.8)), rel=1e-5
    )


def test_the_command_trains_and_writes_a_model(tmp_path, monkeypatch, capsys):
    files = []
    for seed in range(2):
        grey, page = drawn(seed)
        uri = tmp_path / page.uri
        uri.write_bytes(png(grey))
        files.append(tmp_path / f"{seed}.jsonl")
        files[-1].write_text(page_to_json(replace(page, uri=str(uri))) + "\n", "utf-8")
    train, held_out = map(str, files)
    output = tmp_path / "model"
    flags = ["--eval", held_out, "--output", str(output), "--steps", "1", "--side_px", "32"]
    assert main(["--train", held_out, *flags]) == 2
    assert "is in --eval and in training" in capsys.readouterr().err
    assert main(["--train", train, "--batch_size", "1", *flags]) == 0
    card = json.loads((output / "lines.json").read_text("utf-8"))
    assert card["pages"] == 1
    assert card["course"][0]["step"] == 1
    load_line_network(output / "lines.onnx")
    assert main(["--train", train, *flags]) == 2
    assert "exists" in capsys.readouterr().err
    weights, facts = load_checkpoint(tmp_path / "model.training" / "averaged.npz")
    assert facts["step"] == 1
    assert len(weights["weights"]) > 20
