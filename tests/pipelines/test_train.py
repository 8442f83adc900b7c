"""The command line of `train`, up to where TFX begins."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.train import main
from tests.drawn import line_example, write_tfrecords

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("tfx", "tensorflow", "tensorflow_model_analysis", "tensorflow_data_validation", "keras")


@pytest.fixture
def dataset(tmp_path):
    for split in ("train", "eval"):
        lines = [line_example("acte", i, split) for i in range(2)]
        write_tfrecords(tmp_path / "dataset" / split / "a.tfrecord.gz", lines)
    return tmp_path / "dataset"


def refused(capsys, *flags):
    """Run with flags that cannot be used; give the one line on stderr."""
    assert main([str(flag) for flag in flags]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_help_imports_neither_tfx_nor_tensorflow():
    code = (
        "import sys\n"
        "from pipelines.train import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as end:\n"
        "    print('status', end.code)\n"
        f"print('heavy', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert "--max_cer" in run.stdout
    assert run.stdout.endswith("status 0\nheavy []\n")


@pytest.mark.parametrize(
    "flags",
    [
        ["--epoch", "3"],
        ["--epochs", "0"],
        ["--epochs", "three"],
        ["--seed", "-1"],
        ["--max_cer", "95"],
        ["--preset", "huge"],
        ["--runner", "DirectRunner"],
        ["surplus"],
    ],
    ids=" ".join,
)
def test_unknown_flags_and_values_are_refused(capsys, flags):
    with pytest.raises(SystemExit) as end:
        main(flags)
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert flags[0].lstrip("-") in err


def test_a_dataset_that_is_not_there_is_named(capsys, tmp_path):
    err = refused(capsys, "--dataset", tmp_path / "none", "--output", tmp_path / "models")
    assert f"{tmp_path / 'none'}: no such folder" in err
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("split", "cure"), [("train", "ingest more pages"), ("eval", "--eval_fraction")]
)
def test_a_split_without_lines_is_named(capsys, dataset, split, cure):
    write_tfrecords(dataset / split / "a.tfrecord.gz", [])
    err = refused(capsys, "--dataset", dataset)
    assert str(dataset / split) in err
    assert cure in err
    (dataset / split / "a.tfrecord.gz").unlink()
    err = refused(capsys, "--dataset", dataset)
    assert str(dataset / split) in err
    assert cure in err


def test_a_file_that_is_no_dataset_is_named(capsys, dataset):
    (dataset / "eval" / "a.tfrecord.gz").write_bytes(gzip.compress(b"x" * 100))
    assert "a.tfrecord.gz" in refused(capsys, "--dataset", dataset)


def test_lines_too_low_for_the_preset_are_refused_before_training(capsys, tmp_path):
    line = line_example("acte")
    low = type(line)(**{**vars(line), "height_px": 40})
    for split in ("train", "eval"):
        write_tfrecords(tmp_path / split / "a.tfrecord.gz", [low])
    err = refused(capsys, "--dataset", tmp_path, "--preset", "accurate")
    assert "--line_height_px 64" in err


def test_an_output_that_is_a_file_is_refused(capsys, dataset, tmp_path):
    (tmp_path / "models").write_text("")
    err = refused(capsys, "--dataset", dataset, "--output", tmp_path / "models")
    assert f"{tmp_path / 'models'}: is a file" in err


def test_a_latest_that_is_no_link_is_refused(capsys, dataset, tmp_path):
    (tmp_path / "models" / "latest").mkdir(parents=True)
    err = refused(capsys, "--dataset", dataset, "--output", tmp_path / "models")
    assert f"{tmp_path / 'models' / 'latest'}: is not a link" in err
