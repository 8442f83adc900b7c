"""How well and how fast to read: what `--quality` stands for, and what a model can do of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.decoding.config import BEAM, GREEDY
from model.recogniser.bundle import LANGUAGE_MODEL_FILE, ONNX_FILES, model_folder

FAST, BALANCED, BEST = "fast", "balanced", "best"
# Decoding and precision. On 67 pages with found lines, one core: greedily in int8 70 s; by beam
# search in int8 88 s with a CER of 3.53 %; in fp32 108 s. Greedily in fp32, 103 s and 4.70 %.
QUALITIES = {FAST: (GREEDY, "int8"), BALANCED: (BEAM, "int8"), BEST: (BEAM, "fp32")}


@dataclass(frozen=True)
class ReadingChoice:
    """How a model is to read.

    Attributes:
        decoding: One of `model.decoding.config.DECODINGS`.
        precision: One of `model.recogniser.bundle.ONNX_FILES`.
        notes: What the quality asks for and the model, or the device, does not have.
    """

    decoding: str
    precision: str
    notes: tuple[str, ...] = ()


def choose_reading(
    model: str,
    quality: str,
    decoding: str | None = None,
    precision: str | None = None,
    is_on_gpu: bool = False,
    name: str = "",
) -> ReadingChoice:
    """Return how a model is to read.

    Args:
        model: Folder of the model, as for `load_bundle`; it may lack files or not exist.
        quality: One of `QUALITIES`.
        decoding: The decoding that was asked for; None for that of the quality.
        precision: The precision that was asked for; None for that of the quality.
        is_on_gpu: Whether a GPU does the work, for which there are no 8-bit LSTMs.
        name: What the notes call the model; empty for its folder.

    Returns:
        What was asked for as it is, and the rest as the quality says, as far as the model has it.
    """
    folder = model_folder(model)
    of_decoding, of_precision = QUALITIES[quality]
    if not folder.is_dir():
        # That is an error once it is opened.
        return ReadingChoice(decoding or of_decoding, precision or of_precision)
    notes = []
    if decoding is None and of_decoding == BEAM and not (folder / LANGUAGE_MODEL_FILE).is_file():
        of_decoding = GREEDY
        notes.append(
            f"{name or model} has no language model ({LANGUAGE_MODEL_FILE}): it reads greedily"
        )
    if precision is None and of_precision == "int8" and is_on_gpu:
        of_precision = "fp32"
    elif precision is None and _lacks(folder, of_precision):
        of_precision = "fp32"
        notes.append(f"{name or model} has no {ONNX_FILES['int8']}: it reads in fp32")
    return ReadingChoice(decoding or of_decoding, precision or of_precision, tuple(notes))


def _lacks(folder: Path, precision: str) -> bool:
    return not (folder / ONNX_FILES[precision]).is_file()
