"""--engine dataflow: what is missing, and the job as Dataflow would get it. Nothing is sent."""

from __future__ import annotations

import base64
import json
import re

import pytest
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.engines import dataflow
from pipelines.ingest import main as ingest
from pipelines.lines import main as lines
from pipelines.transcribe import main as transcribe
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page

IMAGE = "europe-docker.pkg.dev/p/quire/quire:1"
PLACE = ["--project", "p", "--region", "europe-west1", "--temp_location", "gs://b/tmp"]
JOB = [*PLACE, "--sdk_container_image", IMAGE]
# The steps of each command that its workers do, or without which pages would be lost.
STEPS = {
    "transcribe": {
        "List pages", "Spread pages", "Spread pages/ReshufflePerKey/GroupByKey", "Transcribe",
        "Inputs", "Write", "Left out", "WriteSkipped",
    },
    "lines": {
        "List pages", "Spread pages", "Spread pages/ReshufflePerKey/GroupByKey", "Find lines",
        "Write pages", "Write failures", "Account", "Account/Write", "None dropped",
    },
    "ingest": {
        "Match files", "Pair files up", "Read descriptions", "Choose splits", "Cut lines",
        "Find leaks", "Write failures", "Account", "Account/Write",
    },
}  # fmt: skip
COMMANDS = {"transcribe": transcribe, "lines": lines, "ingest": ingest}


@pytest.fixture
def run(tmp_path):
    """Run a command on a page and return its exit status."""
    write_page(tmp_path / "in", "p0")
    write_fake_bundle(tmp_path / "m")

    def run(verb, *flags):
        paths = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
        model = ["--model", str(tmp_path / "m")] if verb == "transcribe" else []
        return COMMANDS[verb]([*paths, *model, "--engine", "dataflow", *flags])

    return run


@pytest.fixture
def translate(run, tmp_path):
    """Return the job of a command as Dataflow would get it."""
    pytest.importorskip("google.cloud.storage", reason="quire-htr[gcp] is not installed")

    def translate(verb, *flags):
        assert run(verb, *JOB, *flags, "--translate_only", str(tmp_path / "job.json")) == 0
        return json.loads((tmp_path / "job.json").read_text())

    return translate


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_job_of_a_command(verb, translate, capsys):
    said = translate(verb)
    assert capsys.readouterr().out.endswith("job.json has the job; nothing was sent\n")
    parts = said["pipeline"]["components"]
    transforms = parts["transforms"].values()
    names = {one["uniqueName"] for one in transforms}
    assert sorted(STEPS[verb] - names) == []
    # All work of Python is done in the one image, in a process for each core.
    (environment,) = parts["environments"]
    done_in = {one["environmentId"] for one in transforms if "environmentId" in one}
    assert done_in == {environment}
    (pool,) = said["job"]["environment"]["workerPools"]
    (container,) = pool["sdkHarnessContainerImages"]
    assert container["containerImage"] == pool["workerHarnessContainerImage"] == IMAGE
    assert container["useSingleCorePerContainer"] and pool["numThreadsPerWorker"] == 1
    # The image has Quire: neither it nor another package travels with the job.
    packed = {path.rpartition("/")[2] for path in said["staged"]}
    assert packed <= {"pipeline.pb", "submission_environment_dependencies.txt"}
    assert all(path.startswith("gs://b/tmp/") for path in said["staged"])
    assert said["job"]["type"] in ("JOB_TYPE_BATCH", 1)


def test_options_of_workers_and_hints_are_in_the_job(translate):
    said = translate(
        "transcribe",
        *("--max_num_workers", "20", "--num_workers", "2", "--machine_type", "n2-standard-4"),
        *("--disk_size_gb", "30", "--no_use_public_ips", "--number_of_worker_harness_threads=2"),
        *("--subnetwork", "regions/europe-west1/subnetworks/s"),
        *("--service_account_email", "quire@p.iam.gserviceaccount.com"),
        *("--resource_hint", "min_ram=4GB", "--labels", "archive=peraire"),
    )
    job = said["job"]
    (pool,) = job["environment"]["workerPools"]
    assert (pool["numWorkers"], pool["autoscalingSettings"]["maxNumWorkers"]) == (2, 20)
    assert (pool["machineType"], pool["diskSizeGb"]) == ("n2-standard-4", 30)
    assert pool["ipConfiguration"] in ("WORKER_IP_PRIVATE", 2)
    assert pool["subnetwork"] == "regions/europe-west1/subnetworks/s"
    # What is given wins over what --engine stands for.
    assert pool["numThreadsPerWorker"] == 2
    assert job["environment"]["serviceAccountEmail"] == "quire@p.iam.gserviceaccount.com"
    assert job["labels"] == {"archive": "peraire"}
    (environment,) = said["pipeline"]["components"]["environments"].values()
    hints = {name: base64.b64decode(value) for name, value in environment["resourceHints"].items()}
    assert hints == {"beam:resources:min_ram_bytes:v1": b"4000000000"}


def test_a_translation_leaves_nothing_but_its_file(translate, tmp_path):
    translate("lines")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "job.json", "m"]


def test_all_that_is_missing_is_one_message(run, capsys, monkeypatch):
    monkeypatch.setattr(dataflow, "_has_client", lambda: False)
    assert run("transcribe") == 2
    said = capsys.readouterr().err.strip()
    for word in ("--project", "--region", "--temp_location", "--sdk_container_image"):
        assert word in said
    assert re.search(r"--input \S+/in is on this machine; copy it to a bucket", said)
    assert re.search(r"--output \S+/out is on this machine", said)
    assert (
        "needs google.cloud.storage, which is not installed: pip install 'quire-htr[gcp]'" in said
    )
    assert "\n" not in said


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            PLACE,
            "--engine dataflow: give --sdk_container_image IMAGE (deploy/Docker",
        ),
        (
            ["--temp_location", "folder", *JOB[:4], *JOB[6:]],
            "folder is not in a bucket; give gs://",
        ),
        (["--project=p", *JOB[4:]], "--engine dataflow: give --region REGION"),
    ],
)
def test_what_is_missing_is_told(run, capsys, flags, message, tmp_path):
    assert run("lines", *flags) == 2
    said = capsys.readouterr().err.strip()
    assert message in said and "\n" not in said and not (tmp_path / "out").exists()


def test_a_translation_and_an_estimate_are_told_apart(run, capsys, tmp_path):
    for verb, flags, message in (
        ("transcribe", ["--dry_run"], "--translate_only and --dry_run exclude each other"),
        ("lines", ["--runner", "DirectRunner"], "--translate_only is for Dataflow"),
    ):
        with pytest.raises(SystemExit, match="2"):
            run(verb, *JOB, *flags, "--translate_only", str(tmp_path / "job.json"))
        assert message in capsys.readouterr().err
    # This is Quire's own: nothing of Dataflow is needed to estimate.
    workers = ["--max_num_workers", "10", "--machine_type", "n2-standard-4"]
    assert run("transcribe", "--dry_run", *workers, "--price_per_core_hour", "0.05") == 0
    assert re.search(
        r"for 1,000 pages: .* with 40 workers, .* at the price", capsys.readouterr().out
    )


def test_a_template_reads_and_the_next_run_publishes(run, capsys, tmp_path, monkeypatch):
    """The launcher ends once the job is written, and somebody else runs it."""
    pytest.importorskip("google.cloud.storage", reason="quire-htr[gcp] is not installed")

    def launch(runner, pipeline, options, pipeline_proto=None):
        FnApiRunner().run_pipeline(pipeline, options).wait_until_finish()

    monkeypatch.setattr(dataflow, "_local_places", lambda args: [])
    monkeypatch.setattr(DataflowRunner, "run_pipeline", launch)
    template = [*JOB, "--template_location", "gs://b/tmp/job"]
    assert run("lines", *template) == 2
    assert "lines completes its output when the job has ended, so" in capsys.readouterr().err
    assert run("transcribe", *template) == 0
    assert "the same command publishes what it read" in capsys.readouterr().out
    assert not list((tmp_path / "out").glob("lines/**/*.parquet"))
    paths = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    assert transcribe([*paths, "--model", str(tmp_path / "m"), "--engine", "local"]) == 0
    tables = open_tables(str(tmp_path / "out"))
    assert tables.sql("SELECT count(*) FROM all_lines").fetchall() == [(3,)]
    # The second run found nothing left to read.
    assert tables.sql("SELECT pages_ok FROM runs ORDER BY started").fetchall()[-1] == (0,)


def test_a_translation_that_cannot_be_written_is_told(run, capsys, tmp_path):
    pytest.importorskip("google.cloud.storage", reason="quire-htr[gcp] is not installed")
    assert run("lines", *JOB, "--translate_only", str(tmp_path / "none" / "job.json")) == 2
    assert "job.json: No such file or directory; give a file" in capsys.readouterr().err
