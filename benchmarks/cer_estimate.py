"""How far estimates of the CER lie from the CER, on datasets with ground truth.

    python -m benchmarks.cer_estimate --dataset out/one out/two --lines 250

Reads whole pages of the split test, chosen by the digests of their names, and prints for each
dataset the estimate, the CER, their ratio, the ratios of the least and the most underestimated
page, and half the width of the 95 % interval that a sample of 100 of the lines gives.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from model import DEFAULT_MODEL
from model.dataset.examples import decode_strip, read_examples
from model.decoding.config import BEAM, DECODINGS, DecodingConfig
from model.decoding.page_error import LineUncertainty
from model.images.digest import exact_key
from model.recogniser.bundle import ONNX_FILES, load_bundle
from model.recogniser.recogniser import Recogniser
from model.text.charset import normalise_text
from schemas.features import LINE_FILES
from schemas.records import Line, LineExample, LineImage

_SAMPLED = 100


@dataclass(frozen=True)
class ReadLine:
    """A line that was read, and its truth.

    Attributes:
        edits: Characters to change.
        truth_length: Characters of the truth.
        uncertainty: What its errors are estimated from.
    """

    edits: int
    truth_length: int
    uncertainty: LineUncertainty


def cer_of(lines: Sequence[ReadLine]) -> float:
    """Return the CER of some lines.

    Example:
        >>> cer_of([ReadLine(n, 20, LineUncertainty(0.1, 20)) for n in (1, 2)])
        0.075
    """
    return sum(line.edits for line in lines) / max(1, sum(line.truth_length for line in lines))


def margin_of_sample(lines: Sequence[ReadLine], count: int = _SAMPLED) -> float:
    """Return half the width of the 95 % interval of the CER that a sample of lines gives.

    Args:
        lines: All lines.
        count: How many of them are sampled.
    """
    cer = cer_of(lines)
    variance = sum((line.edits - cer * line.truth_length) ** 2 for line in lines) / len(lines)
    mean_length = sum(line.truth_length for line in lines) / len(lines)
    return 1.96 * math.sqrt(variance / count) / mean_length


def read_pages(folder: Path, recogniser: Recogniser, most_lines: int) -> Iterator[list[ReadLine]]:
    """Read whole pages of a dataset until there are so many lines.

    Args:
        folder: A split.
        recogniser: Reads the lines.
        most_lines: No further page is read then.

    Yields:
        The lines of each page.
    """
    pages: dict[str, list[LineExample]] = defaultdict(list)
    for example in read_examples(sorted(map(str, folder.glob(LINE_FILES)))):
        pages[example.page_uri].append(example)
    count = 0
    for uri in sorted(pages, key=lambda uri: exact_key(uri.encode())):
        if count >= most_lines:
            return
        count += len(pages[uri])
        yield [_read(example, recogniser) for example in pages[uri]]


def _read(example: LineExample, recogniser: Recogniser) -> ReadLine:
    line = Line(example.line_id, 0, direction=example.direction)
    read = recogniser.read(LineImage(example.page_uri, line, decode_strip(example)))
    truth = normalise_text(example.text)
    uncertainty = LineUncertainty(1 - read.confidence, len(read.characters))
    return ReadLine(Levenshtein.distance(read.text, truth), len(truth), uncertainty)


def _row(folder: Path, recogniser: Recogniser, most_lines: int) -> str:
    pages = list(read_pages(folder / "test", recogniser, most_lines))
    lines = [line for page in pages for line in page]
    estimated, measured = _estimate(lines, recogniser), cer_of(lines)
    ratios = [cer_of(page) / max(_estimate(page, recogniser), 1e-3) for page in pages]
    return (
        f"{folder.name:20}{len(pages):6}{len(lines):6}{estimated:11.1%}{measured:9.1%}"
        f"{measured / estimated:7.2f}{min(ratios):8.2f}{max(ratios):6.2f}"
        f"{margin_of_sample(lines):9.1%}"
    )


def _estimate(lines: Sequence[ReadLine], recogniser: Recogniser) -> float:
    return recogniser.page_error.predict([line.uncertainty for line in lines])


def main() -> int:
    """Print a row for each dataset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--dataset", type=Path, nargs="+", required=True, help="folders that ingest wrote")
    add("--model", default=DEFAULT_MODEL)
    add("--precision", choices=sorted(ONNX_FILES), default="int8")
    add("--decoding", choices=DECODINGS, default=BEAM)
    add("--lines", type=int, default=250, help="of each dataset")
    args = parser.parse_args()
    bundle = load_bundle(args.model, args.precision)
    recogniser = Recogniser(bundle, DecodingConfig(args.decoding))
    print("dataset              pages lines  estimated measured  ratio   least  most  +- of 100")
    for folder in args.dataset:
        print(_row(folder, recogniser, args.lines), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
