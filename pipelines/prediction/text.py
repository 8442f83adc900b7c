"""The lines read in an image, as text for the terminal and as JSON."""

from __future__ import annotations

from model.language.spelling import Speller
from model.recogniser.prediction import WHOLE, PredictedLine, Prediction

_INDENT = " " * 8


def describe(name: str, prediction: Prediction, speller: Speller | None = None) -> str:
    """Return what was read in an image as text for the terminal.

    Args:
        name: Name of the image.
        prediction: What was read in it.
        speller: Corrects the spelling; None for no correction.

    Returns:
        The name with the warnings of the image; below it each line with its confidence, its
        warnings, and its corrected text if that differs; without a newline at the end.
    """
    head = name
    if prediction.source != WHOLE and prediction.quality.warnings():
        head += f"  [{', '.join(prediction.quality.warnings())}]"
    if not prediction.lines:
        return f"{head}\n{_INDENT}no lines found; if it is one line, run with --lines whole"
    return "\n".join([head, *(_describe_line(line, speller) for line in prediction.lines)])


def _describe_line(line: PredictedLine, speller: Speller | None) -> str:
    read = line.transcript
    if line.error:
        return f"  {'failed':6}{read.line.line_id}: {line.error}"
    warnings = f"  [{', '.join(line.warnings)}]" if line.warnings else ""
    described = f"  {read.confidence:4.0%}  {read.text}{warnings}"
    corrected = speller.correct(read.text, read.characters) if speller else read.text
    return described if corrected == read.text else f"{described}\n{_INDENT}{corrected}  [spelling]"


def to_json(name: str, prediction: Prediction, speller: Speller | None = None) -> dict:
    """Return what was read in an image as an object for JSON.

    Args:
        name: Name of the image.
        prediction: What was read in it.
        speller: Corrects the spelling; None for no correction.

    Returns:
        Values that `json` can serialise.
    """
    quality = prediction.quality
    return {
        "image": name,
        "lines_source": prediction.source,
        "contrast": round(quality.contrast, 3),
        "skew_deg": None if quality.skew_deg is None else round(quality.skew_deg, 2),
        "blur": round(quality.blur, 3),
        "ink_unread": None if quality.ink_unread is None else round(quality.ink_unread, 3),
        "language": quality.language or None,
        "warnings": list(quality.warnings()),
        "lines": [_line_to_json(line, speller) for line in prediction.lines],
    }


def _line_to_json(line: PredictedLine, speller: Speller | None) -> dict:
    read = line.transcript
    row = {
        "line_id": read.line.line_id,
        "text": read.text,
        "confidence": round(read.confidence, 4),
        "warnings": list(line.warnings),
        "baseline": [[round(x, 1), round(y, 1)] for x, y in read.line.baseline],
        "polygon": [[round(x, 1), round(y, 1)] for x, y in read.line.polygon],
    }
    if speller:
        row["corrected"] = speller.correct(read.text, read.characters)
    return row | ({"error": line.error} if line.error else {})
