"""Tesseract's LSTM through tesserocr, with each image as one raw line.

--model: FOLDER/LANGUAGE of the trained data. Default: French, or else English, where system
packages install it. Tesseract cannot run with random weights.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.rivals.stopwatch import Loaded, Options, race


def load(options: Options) -> Loaded:
    """Load Tesseract; it needs trained data."""
    # The only way to limit the threads of Tesseract.
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
