"""What the language model of a training run is built from, and its flags."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.language.ngram_build import HIGHEST_ORDER, LOWEST_ORDER, ORDER
from model.training.optimisation.device import PRECISIONS, keras_policy

RECURRENT_EPOCHS = 20
# A recurrent language model learns next to nothing from fewer.
LEAST_LINES = 1_000


@dataclass(frozen=True)
class LanguageConfig:
    """What a language model is built from.

    Attributes:
        order: Characters of its longest n-grams; 0 for no language model.
        texts: Files of text, UTF-8, beside the lines of the train split.
        recurrent_epochs: Passes over these texts that a recurrent language model is trained for;
            0 for none.
        precision: One of `model.training.optimisation.device.PRECISIONS`, that it is trained in.
    """

    order: int = ORDER
    texts: tuple[Path, ...] = ()
    recurrent_epochs: int = RECURRENT_EPOCHS
    precision: str = PRECISIONS[0]

    @property
    def policy(self) -> str:
        """Keras's name of the precision."""
        return keras_policy(self.precision)

    def check(self) -> None:
        """Read the files of text once.

        Raises:
            ValueError: If one is no text.
        """
        for _ in self.extra_lines():
            pass

    def extra_lines(self) -> Iterator[str]:
        """Read the files of text.

        Raises:
            ValueError: If one is no text.
        """
        for path in self.texts:
            try:
                with open(path, encoding="utf-8-sig") as lines:
                    yield from lines
            except (OSError, ValueError) as error:
                told = str(error)
                raise ValueError(told if str(path) in told else f"{path}: {told}") from None


def add_language_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `language_config` reads."""
    add = parser.add_argument_group("language model").add_argument
    add(
        "--language_model_order",
        type=int,
        default=ORDER,
        choices=(0, *range(LOWEST_ORDER, HIGHEST_ORDER + 1)),
        help="characters it looks at; 0 for no language model",
    )
    add(
        "--language_model_text",
        nargs="+",
        type=_text_file,
        help="files of text, UTF-8, beside the train split",
    )
    add(
        "--recurrent_epochs",
        type=_epochs,
        default=RECURRENT_EPOCHS,
        help="passes over these texts that a recurrent language model is trained for, where they "
        f"are {LEAST_LINES:,} lines or more; 0 for none",
    )


def _text_file(path: str) -> str:
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{path}: no such file")
    return path


def _epochs(text: str) -> int:
    epochs = int(text)
    if epochs < 0:
        raise argparse.ArgumentTypeError(f"{epochs} is below 0")
    return epochs


def language_config(flags: Mapping[str, Any]) -> LanguageConfig:
    """Build the configuration from the flags.

    Args:
        flags: Values by name; those that are missing have the flag's default.
    """
    order = flags.get("language_model_order")
    texts = flags.get("language_model_text") or ()
    epochs = flags.get("recurrent_epochs")
    return LanguageConfig(
        ORDER if order is None else order,
        tuple(map(Path, texts)),
        RECURRENT_EPOCHS if epochs is None else epochs,
        flags.get("precision") or PRECISIONS[0],
    )
