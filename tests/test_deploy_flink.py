"""The files in deploy/flink: fields that exist, and addresses, ports and versions that agree."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions

from tests.documented import parser_of
from tests.test_deploy import check_fields

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "deploy" / "flink"
# helm/flink-kubernetes-operator/crds/flinkdeployments.flink.apache.org-v1.yml of
# github.com/apache/flink-kubernetes-operator
CRD = os.environ.get("FLINK_CRD", "")

cluster, service = yaml.safe_load_all((FOLDER / "cluster.yaml").read_text("utf-8"))
job = yaml.safe_load((FOLDER / "transcribe.yaml").read_text("utf-8"))


def pod_of(role):
    return cluster["spec"][role]["podTemplate"]["spec"]


def container_of(pod):
    (container,) = pod["containers"]
    mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
    assert mounted == {volume["name"] for volume in pod.get("volumes", ())}
    return container


POOL, JOB_SERVER = container_of(pod_of("taskManager")), container_of(pod_of("jobManager"))
STARTER = container_of(job["spec"]["template"]["spec"])


def flags_of(container):
    return dict(flag.removeprefix("--").split("=", 1) for flag in container["args"] if "=" in flag)


def check_schema(value, schema, where):
    """Check a value against a schema of a custom resource: unknown fields, types, enumerations."""
    kind = schema.get("type", "object")
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
    if schema.get("x-kubernetes-int-or-string"):
        assert isinstance(value, (int, str)), where
        return
    assert isinstance(value, types.get(kind, bool)), f"{where}: {value!r} is no {kind}"
    assert value in schema.get("enum", [value]), f"{where}: {value!r} is not known"
    if isinstance(value, list):
        for item in value:
            check_schema(item, schema["items"], where)
    elif isinstance(value, dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        others = schema.get("additionalProperties")
        for name, item in value.items():
            known = schema.get("properties", {}).get(name, others)
            assert known, f"{where}: no field {name}"
            check_schema(item, known, f"{where}: {name}")


@pytest.mark.skipif(not CRD, reason="FLINK_CRD does not name the operator's schema")
def test_the_operator_knows_all_fields():
    (version,) = yaml.safe_load(Path(CRD).read_text("utf-8"))["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert cluster["apiVersion"] == f"flink.apache.org/{version['name']}"
    check_schema(cluster["spec"], schema, "spec")
    for wrong, message in (
        ({"taskManagr": {}}, "no field taskManagr"),
        ({"mode": "alone"}, "'alone' is not known"),
        ({"taskManager": {"replicas": "4"}}, "'4' is no integer"),
        ({"podTemplate": {"spec": {"volume": []}}}, "no field volume"),
    ):
        with pytest.raises(AssertionError, match=message):
            check_schema(wrong, schema, "spec")


def test_kubernetes_knows_all_fields():
    # Its client is made from the published interface; TFX installs it.
    models = pytest.importorskip("kubernetes.client.models")
    check_fields(models, service, "V1Service", "cluster.yaml")
    check_fields(models, job, "V1Job", "transcribe.yaml")
    for role in ("jobManager", "taskManager"):
        check_fields(models, pod_of(role), "V1PodSpec", role)


def test_one_image_has_the_workers_and_the_command():
    assert POOL["image"] == STARTER["image"]
    assert POOL["command"][1:] == ["-m", "apache_beam.runners.worker.worker_pool_main"]
    program, verb = STARTER["command"]
    _, unknown = parser_of(f"pipelines.{verb}").parse_known_args(STARTER["args"])
    beams = {"--flink_master", "--job_endpoint", "--environment_type", "--environment_config"}
    assert program == "quire" and {flag.partition("=")[0] for flag in unknown} == beams


def test_the_pool_is_where_the_job_looks_for_it_and_is_asked_whether_it_is_ready():
    port = int(flags_of(POOL)["service_port"])
    assert flags_of(STARTER)["environment_config"] == f"localhost:{port}"
    assert POOL["readinessProbe"]["tcpSocket"]["port"] == port
    assert [one["containerPort"] for one in POOL["ports"]] == [port]
    assert POOL["volumeMounts"] == STARTER["volumeMounts"]


def test_flink_and_the_job_server_are_where_the_run_looks_for_them():
    name, flags = cluster["metadata"]["name"], flags_of(STARTER)
    # The operator gives the REST service this name, and the pods these labels.
    assert flags["flink_master"] == f"{name}-rest:8081"
    assert service["spec"]["selector"] == {"app": name, "component": "jobmanager"}
    (port,) = service["spec"]["ports"]
    assert flags["job_endpoint"] == f"{service['metadata']['name']}:{port['port']}"
    server = flags_of(JOB_SERVER)
    assert int(server["job-port"]) == port["port"]
    assert JOB_SERVER["readinessProbe"]["tcpSocket"]["port"] == port["port"]
    ports = {one["containerPort"] for one in JOB_SERVER["ports"]}
    assert ports == {int(server["job-port"]), int(server["artifact-port"])}


def test_versions_agree():
    flink = re.fullmatch(r"flink:([\d.]+)-java\d+", cluster["spec"]["image"])[1]
    assert cluster["spec"]["flinkVersion"] == f"v{flink.replace('.', '_')}"
    assert flink in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    lock = (ROOT / "locks" / "data-plane.txt").read_text("utf-8")
    beam = re.search(r"^apache-beam==(\S+)", lock, re.MULTILINE)[1]
    assert JOB_SERVER["image"] == f"apache/beam_flink{flink}_job_server:{beam}"
    jars = set(re.findall(r"beam-runners-flink\S+\.jar", (FOLDER / "README.md").read_text("utf-8")))
    assert {jar.strip('"`') for jar in jars} == {
        f"beam-runners-flink-{flink}-job-server-{beam}.jar"
    }
    pinned = (ROOT / "locks" / "flink.txt").read_text("utf-8")
    assert f"apache-flink-libraries=={flink}." in pinned


def test_a_pool_has_a_core_and_memory_for_each_slot():
    slots = int(cluster["spec"]["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert int(POOL["resources"]["requests"]["cpu"]) == slots
    assert POOL["resources"]["limits"]["memory"] == f"{slots}Gi"
