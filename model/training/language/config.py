"""The configuration of the language models of a recogniser, and its flags."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from model.language.ngram_build import HIGHEST_ORDER, LOWEST_ORDER, ORDER
from model.recogniser.bundle import language_file
from model.training.optimisation.compute import BACKEND_THREADS
from model.training.optimisation.device import AUTO
from model.training.optimisation.flags import compute_asked

RECURRENT_EPOCHS = 20
# A recurrent language model learns almost nothing from fewer lines.
LEAST_LINES = 1_000


@dataclass(frozen=True)
class LanguageConfig:
    """The texts and the sizes of the language models.

    Attributes:
        order: Order of the n-gram model, in characters; 0 for no language model.
        texts: Text files, UTF-8, in addition to the lines of the train split.
        recurrent_epochs: Training epochs of the recurrent language model; 0 for no such model.
        precision: Precision that the recurrent language model is trained in, one of
            `model.training.optimisation.device.PRECISIONS`; `AUTO` for the one that is faster in
            a few timed steps.
        threads: Threads of that training, where its precision is `AUTO`; `BACKEND_THREADS` for as
            many as are fastest.
        language: Name of the language of the texts; empty for that of the model before.
    """

    order: int = ORDER
    texts: tuple[Path, ...] = ()
    recurrent_epochs: int = RECURRENT_EPOCHS
    precision: str = AUTO
    threads: int = BACKEND_THREADS
    language: str = ""

    def check(self) -> None:
        """Check that the text files can be read.

        Raises:
            ValueError: If a file cannot be read as UTF-8 text.
        """
        for _ in self.extra_lines():
            pass

    def extra_lines(self) -> Iterator[str]:
        """Read the lines of the text files.

        Raises:
            ValueError: If a file cannot be read as UTF-8 text.
        """
        for path in self.texts:
            try:
                with open(path, encoding="utf-8-sig") as lines:
                    yield from lines
            except (OSError, ValueError) as error:
                message = str(error)
                if str(path) not in message:
                    message = f"{path}: {message}"
                raise ValueError(message) from None


def add_language_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `language_config` reads."""
    add = parser.add_argument_group("language model").add_argument
    add(
        "--language_model_order",
        type=int,
        default=ORDER,
        choices=(0, *range(LOWEST_ORDER, HIGHEST_ORDER + 1)),
        help="order of the n-gram model, in characters; 0 for no language model",
    )
    add(
        "--language_model_text",
        nargs="+",
        type=_text_file,
        help="text files, UTF-8, to use in addition to the train split",
    )
    add(
        "--recurrent_epochs",
        type=_epochs,
        default=RECURRENT_EPOCHS,
        help="training epochs of the recurrent language model, which needs at least "
        f"{LEAST_LINES:,} lines of text; 0 for none",
    )
    add(
        "--language",
        type=_language,
        default="",
        help="name of the language of the texts, such as fr, by which transcribe can ask for it; "
        "if not given, that of --init",
    )


def _text_file(path: str) -> str:
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{path}: no such file")
    return path


def _language(name: str) -> str:
    try:
        language_file(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name


def _epochs(text: str) -> int:
    epochs = int(text)
    if epochs < 0:
        raise argparse.ArgumentTypeError(f"{epochs} is below 0")
    return epochs


def language_config(flags: Mapping[str, Any]) -> LanguageConfig:
    """Return the configuration that flags describe.

    Args:
        flags: Values by name; a missing flag has its default.
    """
    order = flags.get("language_model_order")
    texts = flags.get("language_model_text") or ()
    epochs = flags.get("recurrent_epochs")
    return LanguageConfig(
        ORDER if order is None else order,
        tuple(map(Path, texts)),
        RECURRENT_EPOCHS if epochs is None else epochs,
        *astuple(compute_asked(flags)),
        flags.get("language") or "",
    )
