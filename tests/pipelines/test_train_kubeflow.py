"""The training pipeline as Kubeflow Pipelines v2 and Vertex AI take it."""

import importlib.util
import json

import pytest
import yaml
from tfx.utils.import_utils import import_class_by_path

from pipelines.train import main

NO_KUBEFLOW = pytest.mark.skipif(
    importlib.util.find_spec("kfp") is None,
    reason="needs kfp-pipeline-spec; pip install 'quire-htr[vertex]'",
)
pytestmark = [pytest.mark.train, NO_KUBEFLOW]

IMAGE = "europe-docker.pkg.dev/archive/quire/quire:1"
GPU_STEPS = {"Trainer", "Evaluator"}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile with some flags; return the path of the specification."""

    def run(*flags, name="pipeline.json"):
        path = tmp_path_factory.mktemp("compiled") / name
        places = ["--dataset", "gs://bucket/dataset", "--output", "gs://bucket/models"]
        kubeflow = ["--runner", "kubeflow", "--image", IMAGE, "--compile_to", str(path)]
        assert main([*places, *kubeflow, *flags]) == 0
        return path

    return run


@pytest.fixture(scope="module")
def job(compiled):
    path = compiled(
        *("--machine_type", "n1-standard-8", "--gpu_type", "NVIDIA_TESLA_T4", "--gpu_count", "2"),
        *("--preset", "accurate", "--epochs", "7", "--max_cer", "0.1"),
    )
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def executors(job):
    found = job["pipelineSpec"]["deploymentSpec"]["executors"]
    return {name.removesuffix("_executor"): executor for name, executor in found.items()}


@pytest.fixture(scope="module")
def tasks(job):
    return job["pipelineSpec"]["root"]["dag"]["tasks"]


def containers(executors):
    return {name: e["container"] for name, e in executors.items() if "container" in e}


def parameter(tasks, task, name):
    return tasks[task]["inputs"]["parameters"][name]["runtimeValue"]["constantValue"]


def test_every_step_runs_in_the_image(executors):
    images = {container["image"] for container in containers(executors).values()}
    assert images == {IMAGE}


def test_trainer_and_evaluator_request_the_machine_and_its_gpus(executors):
    asked = {name: c["resources"] for name, c in containers(executors).items() if "resources" in c}
    assert set(asked) == GPU_STEPS
    for resources in asked.values():
        assert (resources["cpuLimit"], resources["memoryLimit"]) == (8.0, 30.0)
        assert resources["accelerator"] == {"type": "NVIDIA_TESLA_T4", "count": "2"}


def test_without_gpus_none_is_requested(compiled):
    job = json.loads(compiled("--gpu_count", "0").read_text("utf-8"))
    trainer = job["pipelineSpec"]["deploymentSpec"]["executors"]["Trainer_executor"]
    assert trainer["container"]["resources"] == {"cpuLimit": 8.0, "memoryLimit": 30.0}


@pytest.mark.parametrize(
    ("task", "before"),
    [
        ("StatisticsGen", {"LineExampleGen", "LineSchema"}),
        ("ExampleValidator", {"StatisticsGen", "LineSchema"}),
        ("AnomalyGate", {"ExampleValidator"}),
        ("DriftGate", {"StatisticsGen", "AnomalyGate"}),
        ("CharsetGen", {"LineExampleGen", "DriftGate"}),
        ("Trainer", {"LineExampleGen", "CharsetGen"}),
        ("Evaluator", {"LineExampleGen", "Trainer", "LatestBlessed-model-resolver"}),
        ("Pusher", {"Trainer", "Evaluator", "BaseGate"}),
    ],
)
def test_steps_wait_for_what_they_need(tasks, task, before):
    assert set(tasks[task]["dependentTasks"]) == before
    assert tasks[task]["cachingOptions"] == {"enableCache": True}


def test_a_model_is_compared_with_the_last_blessed_one(tasks):
    baseline = tasks["Evaluator"]["inputs"]["artifacts"]["baseline_model"]["taskOutputArtifact"]
    assert baseline["producerTask"] == "LatestBlessed-model-resolver"


def test_places_and_recipe_reach_the_steps(job, tasks):
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/models/.tfx"
    assert parameter(tasks, "LineExampleGen", "input_base") == {
        "stringValue": "gs://bucket/dataset"
    }
    recipe = json.loads(parameter(tasks, "Trainer", "custom_config")["stringValue"])
    assert (recipe["preset"], recipe["epochs"]) == ("accurate", 7)
    assert '"upper_bound": 0.1' in parameter(tasks, "Evaluator", "eval_config")["stringValue"]
    assert "gs://bucket/models" in parameter(tasks, "Pusher", "push_destination")["stringValue"]


def test_it_has_no_path_of_this_machine(job, tmp_path_factory):
    assert str(tmp_path_factory.getbasetemp()) not in json.dumps(job)


def test_a_worker_finds_every_class(job, executors):
    for name, container in containers(executors).items():
        path = container["args"][container["args"].index("--executor_class_path") + 1]
        assert import_class_by_path(path), name
    outputs = [
        artifact["artifactType"]["instanceSchema"]
        for component in job["pipelineSpec"]["components"].values()
        for artifact in component.get("outputDefinitions", {}).get("artifacts", {}).values()
    ]
    titles = {yaml.safe_load(output)["title"] for output in outputs}
    ours = {title for title in titles if not title.startswith("tfx.")}
    assert ours == {"components.Charset"}
    assert import_class_by_path("components.Charset")


def test_it_can_be_written_as_yaml(compiled, job):
    specification = yaml.safe_load(compiled(name="pipeline.yaml").read_text("utf-8"))
    assert set(specification["components"]) == set(job["pipelineSpec"]["components"])
