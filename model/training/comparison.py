"""A fine-tuned model compared with its base, on the same held-out lines.

On the lines of one or two pages an error rate is uncertain by several points, but the difference of
two models on the same lines is much less so. A model counts as better if neither way of reading has
more errors, and one of them has fewer by more than the standard error of that difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from model.dataset.examples import decode_strip, read_examples
from model.decoding.config import BEAM, DECODINGS, GREEDY, DecodingConfig
from model.evaluation.metrics import ErrorCount, character_errors, word_errors
from model.line_images.preprocess import PreprocessConfig
from model.recogniser.bundle import load_bundle, read_card
from model.recogniser.line_reading import read_lines
from model.recogniser.recogniser import Recogniser
from model.text.charset import normalise_text
from model.training.base_model import PAGES_ENTRY, page_key
from schemas.records import Line, LineExample, LineImage, Transcript

# Lines that are compared; more take longer and change little.
_MOST_LINES = 1_000
# Lines that are decoded at a time.
_AT_ONCE = 64


@dataclass(frozen=True)
class LineErrors:
    """The errors of a model in each held-out line, by one way of reading.

    Attributes:
        characters: Character errors of each line.
        words: Word errors of each line.
    """

    characters: tuple[ErrorCount, ...]
    words: tuple[ErrorCount, ...]

    @property
    def cer(self) -> float:
        """Character error rate of all lines."""
        return sum(self.characters, ErrorCount()).rate

    @property
    def wer(self) -> float:
        """Word error rate of all lines."""
        return sum(self.words, ErrorCount()).rate


@dataclass(frozen=True)
class Comparison:
    """The errors of a model and of its base on the same lines.

    Attributes:
        pages: Pages that the lines are on.
        before: Errors of the base by decoding method; those methods that both models have.
        after: Errors of the model by the same methods.
        is_agreement: Whether the lines have no truth, but what the base reads in them by beam
            search. Then errors are differences from that.
        is_known: Whether the base was trained on all pages that are held out now, so that it reads
            them better than others.
    """

    pages: int
    before: dict[str, LineErrors]
    after: dict[str, LineErrors]
    is_agreement: bool = False
    is_known: bool = False

    @property
    def lines(self) -> int:
        """Number of lines."""
        return max((len(errors.characters) for errors in self.before.values()), default=0)

    @property
    def is_better(self) -> bool:
        """Whether the model reads better than its base, beyond the noise of so many lines.

        A model that learns from the readings of its base agrees with them more often greedily. By
        beam search it may differ from them, but not more often than the base did greedily.
        """
        if self.is_agreement:
            gain, noise = self._gain(GREEDY)
            return gain > noise and self.after[BEAM].cer <= self.before[GREEDY].cer
        gains = [self._gain(method) for method in self.before]
        is_worse = any(gain < 0 for gain, _ in gains)
        return not is_worse and any(gain > noise for gain, noise in gains)

    def _gain(self, method: str) -> tuple[float, float]:
        """Return how many edits the model saves, and the standard error of that number."""
        before, after = (errors[method].characters for errors in (self.before, self.after))
        saved = np.array([b.edits - a.edits for b, a in zip(before, after)], np.float64)
        return float(saved.sum()), math.sqrt(float(((saved - saved.mean()) ** 2).sum()))

    def to_dict(self) -> dict:
        """Return the entry of the model card."""
        return {
            "lines": self.lines,
            "pages": self.pages,
            "is_better": self.is_better,
            "measured": "agreement" if self.is_agreement else "truth",
            "is_known_to_base": self.is_known,
            **{
                name: {
                    method: {"cer": errors.cer, "wer": errors.wer}
                    for method, errors in by_method.items()
                }
                for name, by_method in (("before", self.before), ("after", self.after))
            },
        }

    def __str__(self):
        """Return a table of the error rates before and after."""
        methods = list(self.before)
        names = [f"{rate} {method}" for rate in ("CER", "WER") for method in methods]
        pages = f"{self.pages} page{'s' if self.pages != 1 else ''}"
        where = f"{self.lines} held-out lines of {pages}"
        rows = [f"on {where}:", _row("", names)]
        if self.is_agreement:
            rows[0] = f"differences from what the base reads by beam search, on {where}:"
        for name, by_method in (("before", self.before), ("after", self.after)):
            rates = [f"{by_method[method].cer:.2%}" for method in methods]
            rates += [f"{by_method[method].wer:.2%}" for method in methods]
            rows.append(_row(name, rates))
        if self.is_known:
            rows.append("  (the base was trained on these pages: it reads others less well)")
        return "\n".join(rows)


def refusal_of(entry: Mapping[str, Any]) -> str:
    """Return why a model is not released, and the cures.

    Args:
        entry: Result of `Comparison.to_dict`, as the model card has it.
    """
    rates = ", ".join(
        f"{method} CER {entry['before'][method]['cer']:.2%} before and "
        f"{entry['after'][method]['cer']:.2%} after"
        for method in DECODINGS
        if method in entry["before"]
    )
    what = "lines"
    if entry.get("measured") == "agreement":
        what, rates = "lines without truth", rates.replace("CER", "differences")
    return (
        f"not released: no better than its base, beyond the noise of {entry['lines']} held-out "
        f"{what} ({rates}); the base stays as it is; correct more pages (recipe teach of "
        "pipelines.query picks them), or train for more --epochs"
    )


def _row(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<8}{''.join(f'{cell:>13}' for cell in cells)}"


def compare_models(
    base: Path, model: Path, eval_paths: Iterable[str], is_agreement: bool = False
) -> Comparison:
    """Read held-out lines with two models, greedily and by beam search.

    Args:
        base: Folder of the base.
        model: Folder of the model that was trained from it.
        eval_paths: TFRecord files of held-out lines.
        is_agreement: Whether their texts are what the base reads in them.

    Returns:
        Their errors on pages that the base was not trained on, if there are such; by beam search
        only if both have a language model.

    Raises:
        ValueError: If there is no line with text, or a model cannot be opened.
    """
    examples = _held_out(tuple(eval_paths))
    known = set(read_card(load_bundle(base).directory).get(PAGES_ENTRY, ()))
    unknown = [example for example in examples if page_key(example.page_uri) not in known]
    is_known = not unknown
    examples = unknown or examples
    height_px = examples[0].height_px
    before, after = (_all_errors(folder, examples, height_px) for folder in (base, model))
    methods = [method for method in DECODINGS if method in before and method in after]
    return Comparison(
        len({example.page_uri for example in examples}),
        {method: before[method] for method in methods},
        {method: after[method] for method in methods},
        is_agreement,
        is_known,
    )


def _held_out(paths: tuple[str, ...]) -> list[LineExample]:
    """Return lines with text, evenly spread over the files."""
    count = sum(1 for example in read_examples(paths) if normalise_text(example.text))
    if not count:
        raise ValueError("split eval has no text; raise --eval_fraction and ingest again")
    step = -(-count // _MOST_LINES)
    with_text = (example for example in read_examples(paths) if normalise_text(example.text))
    return list(islice(with_text, 0, None, step))


def _all_errors(
    folder: Path, examples: Sequence[LineExample], height_px: int
) -> dict[str, LineErrors]:
    """Return the errors of a model by each method that it has."""
    bundle = load_bundle(folder)
    # Lines of another height than those that it was trained on are scaled.
    preprocess = PreprocessConfig(height_px, bundle.preprocess.input_height_px)
    bundle = replace(bundle, preprocess=preprocess)
    errors = {}
    for method in DECODINGS:
        recogniser = Recogniser(bundle, DecodingConfig(method))
        if method == BEAM and recogniser.plan.obstacle:
            continue
        texts = list(_read(examples, recogniser))
        pairs = [(example.text, text) for example, text in zip(examples, texts)]
        errors[method] = LineErrors(
            tuple(character_errors(*pair) for pair in pairs),
            tuple(word_errors(*pair) for pair in pairs),
        )
    return errors


def _read(examples: Sequence[LineExample], recogniser: Recogniser) -> Iterator[str]:
    """Yield the text of each line; nothing for one that cannot be read."""
    for start in range(0, len(examples), _AT_ONCE):
        images = [
            LineImage(
                example.page_uri,
                Line(example.line_id, 0, direction=example.direction),
                decode_strip(example),
            )
            for example in examples[start : start + _AT_ONCE]
        ]
        for outcome in read_lines(images, recogniser):
            yield outcome.text if isinstance(outcome, Transcript) else ""
