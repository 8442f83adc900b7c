"""The command line of `train`, up to the point where TFX is imported."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.train import main
from pipelines.training.cluster import machine_of
from tests.drawn import line_example, write_tfrecords

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = (
    "kfp",
    "tfx",
    "tensorflow",
    "tensorflow_model_analysis",
    "tensorflow_data_validation",
    "keras",
)


@pytest.fixture
def dataset(tmp_path):
    for split in ("train", "eval"):
        lines = [line_example("acte", i, split) for i in range(2)]
        write_tfrecords(tmp_path / "dataset" / split / "a.tfrecord.gz", lines)
    return tmp_path / "dataset"


def refused(capsys, *flags):
    """Run with flags that cannot be used; return the one line on stderr."""
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
        ["--epochs", "three"],
        ["--max_cer", "95"],
        ["--preset", "huge"],
        ["--max_drift", "2"],
        ["--runner", "DirectRunner"],
        ["--gpu_count", "3"],
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


@pytest.mark.parametrize(
    "flags", [["--epochs", "0"], ["--seed", "-1"], ["--learning_rate", "-1"]], ids=" ".join
)
def test_values_out_of_range_are_refused(capsys, flags):
    assert " ".join(flags[:1]) in refused(capsys, *flags)


def test_a_missing_dataset_is_named(capsys, tmp_path):
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


CLUSTER = {
    "--runner": "kubeflow",
    "--dataset": "gs://bucket/dataset",
    "--output": "gs://bucket/models",
    "--image": "example.org/quire:1",
    "--compile_to": "pipeline.json",
}


# Without TFX it is said first that gs:// cannot be opened.
@pytest.mark.train
@pytest.mark.parametrize(
    ("changes", "cure"),
    [
        ({"--dataset": "out/dataset"}, "give --dataset a URI such as gs://"),
        ({"--output": "out/models"}, "give --output a URI such as gs://"),
        ({"--image": ""}, "give --image and --compile_to"),
        ({"--compile_to": "pipeline.txt"}, "end --compile_to in .json or .yaml"),
        ({"--compile_to": "nowhere/pipeline.json"}, "nowhere: no such folder"),
        ({"--machine_type": "n1-standard"}, "one such as n1-standard-8"),
        ({"--machine_type": "z9-standard-8"}, "one such as n1-standard-8"),
        ({"--machine_type": "n1-standard-0"}, "one such as n1-standard-8"),
    ],
)
def test_what_a_cluster_cannot_run_is_refused(capsys, changes, cure):
    assert cure in refused(
        capsys, *(part for flag in {**CLUSTER, **changes}.items() for part in flag)
    )


def test_flags_of_a_cluster_are_refused_in_local_runs(capsys, dataset):
    assert "add --runner kubeflow" in refused(capsys, "--dataset", dataset, "--image", "x")


@pytest.mark.parametrize(
    ("machine_type", "cpus", "memory_gb"),
    [
        ("n1-standard-8", 8, 30.0),
        ("n1-highmem-4", 4, 26.0),
        ("g2-standard-12", 12, 48.0),
        ("a2-highgpu-1g", 12, 85.0),
    ],
)
def test_a_machine_type_gives_its_resources(machine_type, cpus, memory_gb):
    machine = machine_of(machine_type, "NVIDIA_L4", 1)
    assert (machine.cpus, machine.memory_gb) == (cpus, memory_gb)


@pytest.mark.parametrize(
    ("flags", "cure"),
    [
        ([], "give the model as --init"),
        (["--init", "default", "--charset", "own"], "leave out --charset own"),
        (["--init", "default", "--dataset", "none"], "none: no such folder"),
        (
            ["--init", "default", "--runner", "kubeflow", "--image", "x", "--compile_to", "p.json"],
            "leave out --runner kubeflow",
        ),
    ],
)
def test_an_adaptation_that_cannot_be_is_refused(capsys, tmp_path, flags, cure):
    err = refused(capsys, "--adapt", tmp_path, "--output", tmp_path / "models", *flags)
    assert cure in err
    assert not (tmp_path / "models").exists()


def test_a_base_that_does_not_exist_is_refused_before_training(capsys, dataset, tmp_path):
    err = refused(capsys, "--dataset", dataset, "--init", tmp_path / "none")
    assert f"--init {tmp_path / 'none'}: no charset.json" in err


@pytest.mark.train
def test_an_interrupted_adaptation_leaves_nothing_behind(capsys, tmp_path, monkeypatch):
    from pipelines.training import adaptation

    def stop(wanted):
        wanted.folder.mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(adaptation, "make_adaptation_dataset", stop)
    flags = ["--adapt", str(tmp_path), "--output", str(tmp_path / "models"), "--init", "default"]
    assert main(flags) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not list(tmp_path.glob("models/.tfx/*"))
