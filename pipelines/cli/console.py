"""The console script `quire`: every command under one name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module

from pipelines.cli.options import EXIT_OK, EXIT_USAGE
from schemas import VERSION
from schemas.process_end import end_process
from schemas.program import CONSOLE_SCRIPT


@dataclass(frozen=True)
class Command:
    """A command of the console script.

    Attributes:
        name: What a user types after `quire`.
        module: Module whose `main` runs it; imported only then.
        summary: Its line in `quire --help`.
    """

    name: str
    module: str
    summary: str


# In the order in which a user meets them.
_MAIN = (
    Command(
        "demo", "pipelines.demo", "draw an archive, then ingest, train, transcribe and query it"
    ),
    Command("sample", "pipelines.sample", "draw line or page images with their texts"),
    Command("predict", "pipelines.predict", "print the text of a few images"),
    Command("ingest", "pipelines.ingest", "make a dataset of images and their transcriptions"),
    Command("train", "pipelines.train", "train a model on a dataset"),
    Command("transcribe", "pipelines.transcribe", "transcribe page images into Parquet tables"),
    Command("query", "pipelines.query", "query transcripts with SQL or ready-made recipes"),
    Command("serve", "pipelines.serve", "search, read and correct transcripts in a browser"),
    Command("show", "pipelines.show", "draw a transcribed page with its text"),
    Command(
        "export", "pipelines.export", "write transcripts as PAGE, ALTO, hOCR, text, PDF or IIIF"
    ),
    Command("correct", "pipelines.correct", "take over what people corrected in PAGE or ALTO"),
    Command("models", "pipelines.models", "list the models, and the runs that used them"),
    Command("compact", "pipelines.compact", "write the many files of many nights as few files"),
    Command("forget", "pipelines.forget", "remove pages from transcripts for good"),
    Command("evaluate", "pipelines.evaluate", "measure CER and WER against ground truth"),
    Command("lines", "pipelines.lines", "find the lines of page images, as PAGE XML"),
)
_TRAINING = (
    Command(
        "train_keras", "model.training.__main__", "train a model without TFX, on any Keras backend"
    ),
    Command("train_language", "model.training.language.__main__", "add language models to a model"),
    Command(
        "lines_dataset", "pipelines.lines_dataset", "make a dataset for training a line finder"
    ),
    Command("train_lines", "model.training.lines.__main__", "train a line finder"),
    Command(
        "average_lines", "model.training.lines.ensemble", "combine several line finders into one"
    ),
)
COMMANDS = {command.name: command for command in (*_MAIN, *_TRAINING)}


def help_page() -> str:
    """Return the text of `quire --help`."""
    width = max(map(len, COMMANDS))
    main, training = (
        "".join(f"  {command.name:{width}}  {command.summary}\n" for command in commands)
        for commands in (_MAIN, _TRAINING)
    )
    return (
        f"usage: {CONSOLE_SCRIPT} COMMAND [ARGUMENT ...]\n\n"
        "Handwritten text recognition for archives.\n\n"
        f"commands:\n{main}\n"
        f"commands that train single parts of a model:\n{training}\n"
        f"`{CONSOLE_SCRIPT} COMMAND --help` describes the arguments of a command;\n"
        f"`{CONSOLE_SCRIPT} --version` prints the version.\n"
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command that the first argument names.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: that of the command, or 2 where there is no such command.
    """
    first, *rest = (sys.argv[1:] if argv is None else argv) or [""]
    if first in ("-h", "--help"):
        sys.stdout.write(help_page())
        return EXIT_OK
    if first == "--version":
        print(f"{CONSOLE_SCRIPT} {VERSION}")
        return EXIT_OK
    if first not in COMMANDS:
        sys.stderr.write(_not_a_command(first))
        return EXIT_USAGE
    arguments, sys.argv = sys.argv, [f"{CONSOLE_SCRIPT} {first}", *rest]
    try:
        return import_module(COMMANDS[first].module).main(rest)
    finally:
        sys.argv = arguments


def script() -> None:
    """Run the console script, and end the process with the status of its command."""
    end_process(main)


def _not_a_command(name: str) -> str:
    if not name:
        return help_page()
    near = get_close_matches(name.replace("-", "_"), COMMANDS, n=1)
    cure = f"did you mean {near[0]}?" if near else f"see {CONSOLE_SCRIPT} --help"
    return f"{CONSOLE_SCRIPT}: {name} is not a command; {cure}\n"
