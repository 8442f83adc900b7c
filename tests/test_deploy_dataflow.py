"""deploy/Dockerfile and deploy/dataflow: they agree with the code, and with the locks."""

from __future__ import annotations

import ast
import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from tests.documented import REPOSITORY, parser_of
from tests.image.build import instructions

DEPLOY = REPOSITORY / "deploy"
METADATA = json.loads((DEPLOY / "dataflow" / "metadata.json").read_text("utf-8"))


def steps(path):
    return list(instructions(path.read_text("utf-8")))


def test_the_image_has_the_beam_of_the_lock():
    lock = (REPOSITORY / "locks" / "buckets.txt").read_text()
    (locked,) = re.findall(r"^apache-beam==(\S+)$", lock, re.MULTILINE)
    (source,) = [rest for name, rest in steps(DEPLOY / "Dockerfile") if rest.endswith(" AS beam")]
    assert source == f"apache/beam_python3.13_sdk:{locked} AS beam"


def test_what_is_copied_exists_and_is_what_builds_the_package():
    copied = {
        source
        for name, rest in steps(DEPLOY / "Dockerfile")
        for source in rest.split()[:-1]
        if name == "COPY" and not source.startswith(("--", "/"))
    }
    assert all((REPOSITORY / source).exists() for source in copied)
    # As tests/test_sdist.py has them.
    tree = ast.parse((REPOSITORY / "tests" / "test_sdist.py").read_text())
    lists = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("PACKAGES", "BUILD_FILES")
    }
    assert copied == {*lists["PACKAGES"], *lists["BUILD_FILES"], "locks/buckets.txt"}


def test_the_image_is_for_beam_and_not_of_root():
    found = dict(steps(DEPLOY / "Dockerfile"))
    assert json.loads(found["ENTRYPOINT"]) == ["/opt/apache/beam/boot"]
    assert found["USER"] == "$RUN_AS"
    assert ("ARG", "RUN_AS=quire") in steps(DEPLOY / "Dockerfile")


@pytest.mark.parametrize("parameter", METADATA["parameters"], ids=lambda one: one["name"])
def test_parameters_of_the_template_are_flags(parameter):
    flags = parser_of("pipelines.transcribe")._option_string_actions
    assert f"--{parameter['name']}" in flags or parameter["name"] == "sdk_container_image"
    required = {"input", "output", "sdk_container_image"}
    assert parameter.get("isOptional", False) == (parameter["name"] not in required)
    assert {"label", "helpText", "regexes"} <= set(parameter)
    examples = {"input": "gs://a/scans", "output": "gs://a/t", "root": "gs://a", "model": "default"}
    for regex in parameter["regexes"]:
        assert re.match(regex, examples.get(parameter["name"], "x"))


def test_the_file_of_the_template_runs_transcribe_on_dataflow(monkeypatch):
    calls = []
    monkeypatch.setattr("pipelines.transcribe.main", lambda argv: calls.append(argv) or 0)
    file = DEPLOY / "dataflow" / "template.py"
    monkeypatch.setattr(sys, "argv", [str(file), "--input=gs://a/scans"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(file), run_name="__main__")
    assert calls == [["--engine", "dataflow", "--input=gs://a/scans"]]
    assert Path(dict(steps(DEPLOY / "dataflow" / "Dockerfile"))["ENV"].partition("=")[2]).name == (
        file.name
    )
