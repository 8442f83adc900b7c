"""The files for Kubernetes and Slurm: fields that exist, known commands, numbers that agree."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.cli.parts import part_of
from tests.documented import parser_of

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
YAML_FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
SCRIPTS = sorted(DEPLOY.rglob("*.sbatch"))
MODELS = {("batch/v1", "Job"): "V1Job", ("batch/v1", "CronJob"): "V1CronJob"}


def name_of(path):
    return path.name


def container_of(document):
    spec = document["spec"]
    pod = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    return container


def test_there_are_files_of_each_kind():
    assert [path.name for path in YAML_FILES] == [
        "transcribe-nightly.yaml",
        "transcribe-parts.yaml",
    ]
    assert [path.name for path in SCRIPTS] == ["train.sbatch", "transcribe.sbatch"]


@pytest.mark.parametrize("path", YAML_FILES, ids=name_of)
def test_fields_are_those_that_kubernetes_publishes(path):
    # Its client is made from the published interface; TFX installs it.
    models = pytest.importorskip("kubernetes.client.models")
    document = yaml.safe_load(path.read_text("utf-8"))
    model = MODELS[document["apiVersion"], document["kind"]]
    check_fields(models, document, model, path.name)
    with pytest.raises(AssertionError, match="jobTemplte"):
        check_fields(models, {"spec": {"jobTemplte": {}}}, "V1CronJob", "wrong")


def check_fields(models, value, kind, where):
    """Check names and types of fields against the interface."""
    inner = re.fullmatch(r"(?:list\[|dict\(str, )(\w+)[\])]", kind)
    if inner:
        items = value if isinstance(value, list) else value.values()
        assert isinstance(value, list if kind.startswith("list") else dict), where
        for item in items:
            check_fields(models, item, inner[1], where)
    elif kind in ("str", "int", "bool"):
        assert type(value).__name__ == kind, f"{where}: {value!r} is no {kind}"
    elif kind != "object":
        model = getattr(models, kind)
        names = {name: field for field, name in model.attribute_map.items()}
        for name, item in value.items():
            assert name in names, f"{where}: {kind} has no field {name}"
            check_fields(models, item, model.openapi_types[names[name]], f"{where}: {name}")


@pytest.mark.parametrize("path", YAML_FILES, ids=name_of)
def test_the_command_of_a_container_is_one_of_quire(path):
    container = container_of(yaml.safe_load(path.read_text("utf-8")))
    program, verb = container["command"]
    _, unknown = parser_of(f"pipelines.{verb}").parse_known_args(container["args"])
    assert (program, unknown) == ("quire", [])


def test_an_indexed_job_has_as_many_parts_as_completions():
    document = yaml.safe_load((DEPLOY / "kubernetes" / "transcribe-parts.yaml").read_text("utf-8"))
    spec = document["spec"]
    args = parser_of("pipelines.transcribe").parse_known_args(container_of(document)["args"])[0]
    numbers = {
        part_of(args.part, {"JOB_COMPLETION_INDEX": str(index)}).number
        for index in range(spec["completions"])
    }
    assert spec["completionMode"] == "Indexed"
    assert numbers == set(range(1, spec["completions"] + 1))


def test_a_nightly_job_does_not_overlap():
    text = (DEPLOY / "kubernetes" / "transcribe-nightly.yaml").read_text("utf-8")
    assert yaml.safe_load(text)["spec"]["concurrencyPolicy"] == "Forbid"


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_script_passes_flags_on_as_they_are(path):
    printed = subprocess.run(
        ["bash", str(path), "--output", "a folder"],
        env=os.environ | {"QUIRE": "printf %s\\n", "SLURM_CPUS_PER_TASK": "4"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert printed[-2:] == ["--output", "a folder"]
    verb = printed[0]
    module = "model.training" if verb == "train_keras" else f"pipelines.{verb}"
    flags = [flag for flag in printed[1:] if flag.startswith("--")]
    assert set(flags) <= set(parser_of(module)._option_string_actions)


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_script_tells_slurm_to_start_it_again(path):
    text = path.read_text("utf-8")
    head, _, rest = text.partition("\n\n")
    # Slurm reads what it is told up to the first command.
    assert "#SBATCH --requeue" in head
    assert "#SBATCH" not in rest
    assert not re.search(r"^(?!#)", head, re.M)
