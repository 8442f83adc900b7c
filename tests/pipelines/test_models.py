"""`python -m pipelines.models` lists the models, and the runs that used each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.decoding.config import BEAM
from model.recogniser.bundle import load_bundle, write_card
from pipelines.models import main
from schemas import VERSION
from tests.fakes import write_fake_bundle, write_language_model
from tests.pipelines.written_tables import write_run

CARD = {
    "created": "2026-01-02T03:04:05+00:00",
    "dataset": {"name": "letters", "lines": {"train": 1200, "eval": 90}},
    "decoding": {"greedy": {"cer": 0.07}, "beam": {"cer": 0.05}},
    "evaluation": {"overall": {"cer": 0.0625}},
    "base": {"name": "default", "digest": "abcdef0123456789"},
    "training": {"preset": "tiny"},
}


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Write two models, of which `latest` is the second."""
    monkeypatch.chdir(tmp_path)
    for name in ("1", "2"):
        write_fake_bundle(tmp_path / "out/models" / name)
    write_card(tmp_path / "out/models/1", CARD)
    # Another charset, and so another digest.
    charset = Path("out/models/2/charset.json")
    charset.write_text(charset.read_text("utf-8").replace("é", "è"), "utf-8")
    write_language_model(tmp_path / "out/models/2", ["a b"])
    Path("out/models/latest").symlink_to("2")
    return tmp_path / "out/models"


def listed(capsys, *flags: str) -> list[dict]:
    assert main([*flags, "--format", "jsonl"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_bundled_and_the_trained_models_are_listed(models, capsys):
    ours, first, second = listed(capsys)
    assert (ours["model"], ours["created"]) == ("default", f"Quire {VERSION}")
    assert ours["cer"] < 0.08 and ours["data"].endswith(" lines")
    assert first == {
        "model": str(models / "1"),
        "links": "",
        "created": "2026-01-02T03:04:05+00:00",
        "preset": "tiny",
        "base": "default abcdef012345",
        "data": "letters: 1,200 lines in train, 90 lines in eval",
        "cer": 0.0625,
        "cer_beam": 0.05,
        "digest": load_bundle(models / "1").digest(),
        "runs": [],
    }
    assert (second["model"], second["links"], second["cer"]) == (str(models / "2"), "latest", None)
    (one,) = listed(capsys, "--models", "out/models/1")[1:]
    assert one == first


def test_the_runs_that_used_a_model_are_listed(models, capsys):
    digests = [load_bundle(models / name).digest() for name in ("1", "2")]
    beam = load_bundle(models / "2").digest(BEAM)
    flags = json.dumps({"recognition": {"model": "out/models/latest"}})
    runs = [
        {"run_id": "r1", "model_digest": digests[0], "decoding": "greedy", "model": "moved"},
        # The folder had another model then.
        {"run_id": "r2", "model_digest": "x", "decoding": "greedy", "model": str(models / "1")},
        # Written by an older version.
        {"run_id": "r3", "model_digest": beam, "decoding": "beam", "flags": flags},
        {"run_id": "r4", "model_digest": "y", "decoding": "beam", "model": str(models / "1")},
        {"run_id": "r5", "model_digest": "", "command": "compact"},
    ]
    for run in runs:
        write_run(Path("t"), {"command": "transcribe", **run})
    found = [
        (row["model"], row["runs"], row["data"]) for row in listed(capsys, "--transcripts", "t")
    ]
    assert [(model, ids) for model, ids, _ in found[:3]] == [
        ("default", []),
        (str(models / "1"), ["r4", "r1"]),
        (str(models / "2"), ["r3"]),
    ]
    assert found[3:] == [
        (str(models / "1"), ["r2"], "another model, which was there before"),
    ]
    assert main(["--transcripts", "t"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "model" and lines[3].endswith("r4, r1")


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--models", "none"], "none: no model in it; give a folder that train wrote"),
        (["--transcripts", "none"], "none: no such folder"),
    ],
)
def test_unusable_flags_are_one_line_and_status_2(models, capsys, flags, reason):
    assert main(flags) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


def test_without_trained_models_the_bundled_one_is_listed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert [row["model"] for row in listed(capsys)] == ["default"]
