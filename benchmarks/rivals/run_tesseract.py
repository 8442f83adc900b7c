"""Tesseract's LSTM through tesserocr: one line of raw text an image.

--model: FOLDER/LANGUAGE of the trained data; without it, French or else English where the
system's packages put it. Tesseract has no network without trained data.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.rivals.stopwatch import Loaded, Options, race


def load(options: Options) -> Loaded:
    """Load Tesseract; without trained data it cannot run."""
    # Tesseract's only knob for its threads.
    os.environ["OMP_THREAD_LIMIT"] = "1"
    import tesserocr
    from PIL import Image

    folder, language = os.path.split(options.model or _installed())
    if not Path(folder, f"{language}.traineddata").is_file():
        raise SystemExit(f"{folder or '.'} has no {language}.traineddata; see --model")
    tesseract = tesserocr.PyTessBaseAPI(
        path=folder,
        lang=language,
        psm=tesserocr.PSM.RAW_LINE,
        oem=tesserocr.OEM.LSTM_ONLY,
    )

    def read(paths: list[str]) -> list[str]:
        texts = []
        for path in paths:
            with Image.open(path) as image:
                tesseract.SetImage(image)
            texts.append(tesseract.GetUTF8Text())
        return texts

    return Loaded(tesserocr.tesseract_version().split()[1], language, read)


def _installed() -> str:
    for language in ("fra", "eng"):
        for found in Path("/usr/share").glob(f"tess*/**/{language}.traineddata"):
            return str(found.with_suffix(""))
    raise SystemExit("no trained data on this system; give --model tesseract=FOLDER/LANGUAGE")


if __name__ == "__main__":
    race(load)
