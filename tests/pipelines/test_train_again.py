"""`train` run again: on the same dataset, on a changed one, on one that has drifted."""

import gzip
import os
import shutil
from pathlib import Path

import pytest

from model.dataset.tfrecord import write_record
from pipelines.train import main
from schemas.features import encode_line
from schemas.records import LineExample
from tests.drawn import line_example

pytestmark = pytest.mark.train

LINES = {"train": 60, "eval": 60}
# A network of one epoch may read worse than the last good model, which is then kept.
TRAINED = (0, 3)
STEPS = ("LineExampleGen", "StatisticsGen", "DriftGate", "CharsetGen", "Trainer")


def write_split(dataset: Path, split: str, text: str, **changes) -> None:
    (dataset / split).mkdir(parents=True, exist_ok=True)
    with gzip.open(dataset / split / "lines.tfrecord.gz", "wb") as file:
        for number in range(LINES[split]):
            line = line_example(text, number, split)
            write_record(file, encode_line(LineExample(**{**vars(line), **changes})))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("again")
    for split in LINES:
        write_split(folder / "dataset", split, "acte")
    return folder


@pytest.fixture
def train(folder, capfd):
    """Run the command line; return its status, stdout and stderr."""

    def run(dataset="dataset", *flags):
        places = ["--dataset", str(folder / dataset), "--output", str(folder / "models")]
        smallest = ["--preset", "tiny", "--epochs", "1", "--max_cer", "1.0"]
        status = main([*smallest, *places, *flags])
        return status, *capfd.readouterr()

    return run


def cached(out: str) -> list[str]:
    return [line.split(":")[0] for line in out.splitlines() if ": nothing has changed" in line]


def versions(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "models").iterdir() if path.name.isdigit())


# The order matters: each test is a run that follows those of the tests before it.
def test_the_first_run_runs_every_step(train, folder):
    status, out, err = train()
    assert status == 0, err
    assert cached(out) == []
    assert out.splitlines()[-1].startswith("released ")
    assert len(versions(folder)) == 1


def test_the_same_run_again_trains_nothing_and_says_so(train, folder):
    (version,) = versions(folder)
    status, out, err = train()
    assert status == 0, err
    assert set(cached(out)) >= set(STEPS)
    assert "training on" not in out
    last = out.splitlines()[-1]
    assert last.startswith(f"nothing has changed since {folder / 'models' / version} (latest): CER")
    assert versions(folder) == [version]
    assert os.readlink(folder / "models" / "latest") == version


def test_another_seed_trains_on_the_cached_lines(train):
    status, out, err = train("dataset", "--seed", "1")
    assert status in TRAINED, err
    assert set(cached(out)) >= set(STEPS) - {"Trainer"}
    assert "Trainer" not in cached(out)


def test_changed_lines_are_trained_on(train, folder):
    for split in LINES:
        write_split(folder / "changed", split, "actes")
    status, out, err = train("changed")
    assert status in TRAINED, err
    assert not set(cached(out)) & set(STEPS)


@pytest.mark.parametrize(
    ("name", "text", "changes", "reason"),
    [
        ("script", "акты", {}, "script by 1.00"),
        ("width", "acte", {"width_px": 3000}, "width_px by 1.00"),
        ("source", "acte", {"source": "scribbles"}, "feature source"),
    ],
)
def test_a_drifted_dataset_is_not_trained_on(train, folder, name, text, changes, reason):
    shutil.copytree(folder / "dataset", folder / name)
    write_split(folder / name, "eval", text, **changes)
    before = versions(folder)
    status, out, err = train(name)
    assert status == 2
    assert reason in err.splitlines()[-1]
    assert "split eval" in err.splitlines()[-1]
    assert "Trainer" not in out
    assert versions(folder) == before
