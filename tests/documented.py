"""The commands in the documentation: found in its text, parsed, run, and their output compared."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pipelines.cli.console import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    REPOSITORY / "model" / "default" / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
# Flags of Apache Beam that the documentation names.
BEAM_FLAGS = {
    "--direct_num_workers",
    "--direct_running_mode",
    "--environment_config",
    "--environment_type",
    "--flink_job_server_jar",
    "--flink_master",
    "--flink_version",
    "--job_endpoint",
    "--machine_type",
    "--max_num_workers",
    "--no_use_public_ips",
    "--number_of_worker_harness_threads",
    "--parallelism",
    "--prism_location",
    "--project",
    "--region",
    "--resource_hint",
    "--runner",
    "--sdk_container_image",
    "--sdk_worker_parallelism",
    "--service_account_email",
    "--setup_file",
    "--subnetwork",
    "--temp_location",
}
# Programs besides Quire, `python -m` and `make` that a command may begin with.
OTHER_PROGRAMS = {
    ".", ".ci/run", "cd", "cp", "du", "export", "git", "mkdir", "mv", "pip", "pipx", "uv",
}  # fmt: skip
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
# These need a network, or change the machine.
NOT_RUN = re.compile(r"git clone|python3 -m venv|pip install|pipx |make ")
# Stands for lines of output that a page leaves out.
ELLIPSIS = "…"
_RULE = re.compile(r"^-+(  -+)*$")
_SETTING = re.compile(r"[A-Z_]+=")
_SEPARATORS = {"&&", "|", ";"}


@dataclass(frozen=True)
class Block:
    """A command of a page, and what it prints.

    Attributes:
        command: One command line, as a user types it.
        output: The lines below it; empty where the page shows none.
    """

    command: str
    output: tuple[str, ...] = ()


def commands_of(path: Path, kinds: tuple[str, ...] = ("sh", "console")) -> list[Block]:
    """Return the commands of a page in their order.

    Args:
        path: A Markdown file.
        kinds: Languages of the fenced blocks: every line of `sh` is a command; in `console` a
            command follows '$ ', and the lines below are what it prints.
    """
    blocks = []
    for kind, body in _FENCE.findall(path.read_text("utf-8")):
        if kind in kinds:
            body = body.replace("\\\n", " ")
            blocks += _session(body) if kind == "console" else _script(body)
    return blocks


def _session(body: str) -> list[Block]:
    parts = re.split(r"^\$ ", body, flags=re.M)
    assert not parts[0].strip(), f"a console block begins with '$ ': {parts[0]!r}"
    pieces = (part.rstrip("\n").split("\n") for part in parts[1:])
    return [Block(command, tuple(output)) for command, *output in pieces]


def _script(body: str) -> list[Block]:
    lines = (line for line in body.splitlines() if line.strip() and not line.startswith("#"))
    return [Block(line) for line in lines]


def inline_commands(path: Path) -> list[str]:
    """Return the commands of Quire in inline code, such as `quire show --worst 20`."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    found = re.findall(r"`([^`\n]+)`", text)
    # `quire VERB` stands for any command.
    is_command = re.compile(r"([A-Z_]+=\S+ )?(quire|python -m) [a-z](?!\S*[A-Z])")
    return [code for code in found if is_command.match(code)]


def words_of(command: str) -> list[list[str]]:
    """Split a command line into the words of its commands, without settings of variables.

    Example:
        >>> words_of("KERAS_BACKEND=jax quire train --epochs 3 && make test  # all")
        [['quire', 'train', '--epochs', '3'], ['make', 'test']]
    """
    commands: list[list[str]] = [[]]
    # The file that the output is written to is no argument.
    for word in shlex.split(re.sub(r" > \S+", "", command), comments=True):
        if word in _SEPARATORS:
            commands.append([])
        elif commands[-1]:
            commands[-1].append(word)
        elif not _SETTING.match(word):
            # A program may be named with the folder of its environment.
            commands[-1].append(word.rpartition("/bin/")[2])
    return [words for words in commands if words]


def module_of(words: list[str]) -> tuple[str, list[str]] | None:
    """Return the module that a command runs, and its arguments; None for another program."""
    if words[0] == "quire" and len(words) > 1 and not words[1].startswith("-"):
        assert words[1] in COMMANDS, f"quire {words[1]}: no such command"
        return COMMANDS[words[1]].module, words[2:]
    if words[0].startswith("python") and words[1:2] == ["-m"]:
        return words[2], words[3:]
    return None


class _Parsing(Exception):
    """Carries the parser of a command out of its `main`."""

    def __init__(self, parser: argparse.ArgumentParser):
        self.parser = parser


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return the parser of a command."""
    # A package that is run is its `__main__`.
    if importlib.util.find_spec(module).submodule_search_locations is not None:
        module = f"{module}.__main__"
    return _parser(module)


@cache
def _parser(module: str) -> argparse.ArgumentParser:
    def give_up(parser, *args, **kwargs):
        raise _Parsing(parser)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", [module])
        patched.setattr(argparse.ArgumentParser, "parse_known_args", give_up)
        main = importlib.import_module(module).main
        try:
            main([]) if main.__code__.co_argcount else main()
        except _Parsing as parsing:
            return parsing.parser
    raise AssertionError(f"{module} parses no arguments")


def flags_of(words: list[str]) -> list[str]:
    """Return the flags among the words of a command, without their values."""
    return [word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)]


def flags_known_to(parser: argparse.ArgumentParser) -> set[str]:
    """Return the flags of a parser and of the parsers of its subcommands."""
    flags = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            flags = flags.union(*map(flags_known_to, action.choices.values()))
    return flags


def shape_of(line: str) -> str:
    """Return a line of output without its numbers, names of files and alignment.

    Example:
        >>> shape_of("  11.77 %    29 lines  peraire/test_B.18.jpg"), shape_of("------  ----")
        ('N % N lines FILE', '--')
    """
    line = _RULE.sub("--", line)
    line = re.sub(r"\S+\.(jpg|png|html|xml|pdf)\b", "FILE", line)
    return " ".join(re.sub(r"-?\d[\d.,]*", "N", line).split())


def unlike(documented: tuple[str, ...], printed: list[str]) -> list[str]:
    """Return the lines of a page that a command does not print, by their shape.

    Rows below the rule of a table hold the text of other pages and are not compared, nor is a
    line of '…', which stands for lines that are left out.
    """
    shapes, missing, is_row = {shape_of(line) for line in printed}, [], False
    for line in documented:
        if not is_row and line != ELLIPSIS and shape_of(line) not in shapes:
            missing.append(line)
        is_row = is_row or _RULE.match(line) is not None
    return missing
