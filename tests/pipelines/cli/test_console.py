"""The console script `quire`."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module, util
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.cli.console import COMMANDS, main
from schemas import VERSION

REPOSITORY = Path(__file__).resolve().parents[3]
# What a command that only prints may not wait for.
HEAVY = ("apache_beam", "cv2", "keras", "numpy", "onnxruntime", "pyarrow", "tensorflow", "tfx")


def quire(*arguments):
    """Run the console script as a process, from the repository."""
    code = "import sys; from pipelines.cli.console import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)


def test_every_command_of_pipelines_has_a_name():
    modules = {path.stem for path in (REPOSITORY / "pipelines").glob("*.py")} - {"__init__"}
    named = {name for name, command in COMMANDS.items() if command.module == f"pipelines.{name}"}
    assert named == modules


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_every_command_has_its_module(command):
    assert util.find_spec(command.module) is not None


def test_help_lists_the_commands_on_a_line_each(capsys):
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == list(COMMANDS)
    flow = ["sample", "ingest", "train", "transcribe", "query"]
    assert [name for name in listed if name in flow] == flow


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"quire {VERSION}\n"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("trnascribe", "did you mean transcribe?"),
        ("lines-dataset", "did you mean lines_dataset?"),
        ("exports", "did you mean export?"),
        ("nosuch", "see quire --help"),
        ("--input", "see quire --help"),
    ],
)
def test_an_unknown_command_is_an_error_with_a_cure(name, cure, capsys):
    assert main([name, "--output", "x"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"quire: {name} is not a command; {cure}\n")


def test_no_command_is_an_error_with_the_help(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("usage: quire COMMAND")


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--version", 0), ("nosuch", 2)])
def test_what_only_prints_imports_nothing_heavy(argument, status):
    code = (
        "import sys; from pipelines.cli.console import main; status = main(sys.argv[1:]); "
        f"print(); print([status, [name for name in {HEAVY} if name in sys.modules]])"
    )
    command = [sys.executable, "-c", code, argument]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [status, []]


@pytest.mark.parametrize("name", ["query", "sample", "train_language"])
def test_the_usage_names_what_was_typed(name, capsys, monkeypatch):
    module = COMMANDS[name].module
    if name == "train_language":
        pytest.importorskip("keras")
    monkeypatch.setattr(sys, "argv", ["quire", name])
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: quire {name} ")
    assert sys.argv == ["quire", name]
    with pytest.raises(SystemExit):
        import_module(module).main(["--help"])
    typed = module.removesuffix(".__main__")
    assert capsys.readouterr().out.startswith(f"usage: python -m {typed} ")


def test_errors_name_what_was_typed(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["sample", "--output", "x", "--colour", "red"])
    assert stopped.value.code == 2
    message = "quire sample: unknown argument --colour; see quire sample --help\n"
    assert capsys.readouterr().err == message


def test_a_library_that_is_not_installed_is_named(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["average_lines", "a.onnx", "--output", "b.onnx"]) == 2
    cure = "pip install 'quire-htr[train]'"
    assert capsys.readouterr().err == f"training needs onnx, which is not installed: {cure}\n"


def test_transcribe_runs_in_several_processes(tmp_path):
    drawn, transcripts = tmp_path / "drawn", tmp_path / "transcripts"
    pages = ("--kind", "pages", "--count", 2, "--lines_per_page", 2)
    done = quire("sample", *pages, "--output", drawn)
    assert (done.returncode, done.stdout) == (0, f"{drawn}: 4 lines drawn\n"), done.stderr
    flags = ("--output", transcripts, "--jobs", 2, "--quiet")
    done = quire("transcribe", "--input", drawn / "*.jpg", *flags)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = pq.read_table(transcripts / "lines")
    assert lines.num_rows == 4
