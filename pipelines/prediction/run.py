"""Read some images one after the other, and print their text."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np
from PIL import Image

from model.decoding.config import DecodingConfig
from model.language.spelling import Speller, SpellingConfig
from model.language.word_counts import read_model_words, read_word_list
from model.pictures.prediction import draw_prediction
from model.recogniser.bundle import Bundle, load_bundle
from model.recogniser.prediction import Prediction, predict_image
from model.recogniser.recogniser import Recogniser
from pipelines.cli.options import UsageError
from pipelines.decoding.images import count_pages, decode
from pipelines.decoding.pool import await_decoder, start_decoder
from pipelines.files.mirror import mirrored_name
from pipelines.formats.names import file_of, page_uri, split_page_uri
from pipelines.pages.networks import check_page_networks
from pipelines.pages.time_limit import within_time
from pipelines.prediction.text import describe, to_json

_PICTURES = (".png", ".jpg", ".jpeg")
_JPEG_QUALITY = 90
# Value of `--spelling` for the words of the model only.
MODEL_WORDS = "model"


@dataclass(frozen=True)
class PredictConfig:
    """What to read and how.

    Attributes:
        images: Files; a suffix such as '#page=3' names a page of one.
        model: Folder of the bundle.
        precision: One of `model.recogniser.bundle.ONNX_FILES`.
        lines: One of `model.recogniser.prediction.LINES`.
        decoding: How the output of the network is decoded.
        spelling: Word list for correcting the spelling, in addition to the words of the model; or
            `MODEL_WORDS`; empty for no correction.
        show: Picture to write, or folder for a picture of each page; empty for none.
        as_json: Whether to print a JSON object per page.
        page_time_limit_s: Seconds a page may take; 0 for no limit.
    """

    images: tuple[str, ...]
    model: str
    precision: str = "fp32"
    lines: str = "auto"
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    spelling: str = ""
    show: str = ""
    as_json: bool = False
    page_time_limit_s: float = 300.0


def run_predict(config: PredictConfig, out: TextIO, errors: TextIO) -> int:
    """Read images and print their text, and a line on `errors` for each that cannot be read.

    Args:
        config: What to read and how.
        out: Stream for the texts.
        errors: Stream for error messages.

    Returns:
        Number of images, pages and lines that could not be read.

    Raises:
        UsageError: If the model or the word list cannot be used, or `show` is a single file for
            several pages.
    """
    start_decoder()
    bundle, recogniser = _open_model(config)
    speller = _open_speller(config.spelling, bundle)
    if recogniser.decoding_note:
        print(f"--decoding: {recogniser.decoding_note}", file=errors)
    pages, failed = _list_pages(config.images, errors)
    pictures = _name_pictures(pages, config.show)
    for page in pages:
        try:
            await_decoder()
            read_page = partial(_read_page, page, recogniser, config.lines)
            grey, read = within_time(config.page_time_limit_s, read_page)
            text = (
                json.dumps(to_json(page, read, speller), ensure_ascii=False)
                if config.as_json
                else describe(page, read, speller)
            )
            print(text, file=out, flush=True)
            if page in pictures:
                _write_picture(pictures[page], draw_prediction(grey, read))
        except (OSError, ValueError) as error:
            failed += 1
            print(_error_line(page, error), file=errors)
        else:
            failed += sum(bool(line.error) for line in read.lines)
    return failed


def page_names(image: str) -> list[str]:
    """Return the names of the pages of an image file.

    Args:
        image: A file, or a page of one.

    Returns:
        The name itself, or one for each page of a multi-page PDF or TIFF.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If its pages cannot be counted.
    """
    if split_page_uri(image)[1] is not None:
        return [image]
    if Path(image).is_dir():
        raise ValueError("is a folder; name the images in it")
    with open(image, "rb") as file:
        page_count = count_pages(file)
    return [page_uri(image, n + 1) for n in range(page_count)] if page_count > 1 else [image]


def _read_page(page: str, recogniser: Recogniser, lines: str) -> tuple[np.ndarray, Prediction]:
    """Decode and read one of the pages from `page_names`."""
    path, number = split_page_uri(page)
    # Not through Beam's file systems, which take seconds to import.
    with open(path, "rb") as file:
        frame, _ = decode(file, number or 1, is_paged=True)
    height_px = recogniser.bundle.preprocess.strip_height_px
    read = predict_image(frame.grey, recogniser, lines, height_px, frame.warnings)
    return frame.grey, read


def _open_model(config: PredictConfig) -> tuple[Bundle, Recogniser]:
    check_page_networks()
    try:
        bundle = load_bundle(config.model, config.precision)
        return bundle, Recogniser(bundle, config.decoding)
    except ValueError as error:
        raise UsageError(f"--model {error}") from None


def _open_speller(spelling: str, bundle: Bundle) -> Speller | None:
    if not spelling:
        return None
    config = SpellingConfig()
    try:
        counts = read_model_words(bundle.directory, is_needed=spelling == MODEL_WORDS)
        if spelling != MODEL_WORDS:
            counts += read_word_list(Path(spelling), config.least_count)
    except OSError as error:
        raise UsageError(f"--spelling {spelling}: {error.strerror}; check the name") from None
    except ValueError as error:
        raise UsageError(f"--spelling: {error}") from None
    return Speller(counts, config)


def _list_pages(images: Sequence[str], errors: TextIO) -> tuple[list[str], int]:
    """Return the names of all pages, and the number of images that cannot be opened."""
    pages: dict[str, None] = {}
    failed = 0
    for image in images:
        try:
            pages |= dict.fromkeys(page_names(image))
        except (OSError, ValueError) as error:
            failed += 1
            print(_error_line(image, error), file=errors)
    return list(pages), failed


def _name_pictures(pages: Sequence[str], show: str) -> dict[str, Path]:
    """Return the picture of each page: none, the given file, or a file in the given folder."""
    if not show:
        return {}
    if show.lower().endswith(_PICTURES):
        if len(pages) > 1:
            raise UsageError(f"--show {show} is one picture for {len(pages)} pages; give a folder")
        if any(os.path.exists(show) and os.path.samefile(show, file_of(page)) for page in pages):
            raise UsageError(f"--show {show} is the input image; give another file")
        return {page: Path(show) for page in pages}
    folders = [os.path.dirname(page) for page in pages]
    can_share = all(folders) and len(set(map(os.path.isabs, folders))) == 1
    shared = os.path.commonpath(folders) if can_share else ""
    shared = f"{shared.rstrip('/')}/" if shared else ""
    return {page: Path(show, f"{mirrored_name(page, shared)}.jpg") for page in pages}


def _write_picture(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=_JPEG_QUALITY)


def _error_line(name: str, error: Exception) -> str:
    """Return the error of a file as one line."""
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    cure = "; check the name" if isinstance(error, FileNotFoundError) else ""
    return f"{name}: {' '.join(message.split())}{cure}"
