"""Quire itself: each image is one line, decoded, rectified, prepared, read and decoded.

--model: a folder that training pushed; without one, the model that comes with it.
"""

from __future__ import annotations

from benchmarks.rivals.stopwatch import Loaded, Options, race


def load(options: Options) -> Loaded:
    """Load a model; it reads one line at a time, whatever the batch."""
    from pathlib import Path

    import cv2

    cv2.setNumThreads(1)
    from model.bundle import DEFAULT_MODEL, load_bundle
    from model.crop import crop_lines
    from model.image import decode_image
    from model.recogniser import Recogniser
    from schemas import VERSION
    from schemas.records import Line, Page

    bundle = load_bundle(options.model or DEFAULT_MODEL, options.precision)
    recogniser = Recogniser(bundle)
    height_px = bundle.preprocess.strip_height_px

    def read(paths: list[str]) -> list[str]:
        texts = []
        for path in paths:
            page = Page(path, (Line("line", 0),), source="whole")
            grey = decode_image(Path(path).read_bytes())
            (line,) = crop_lines(page, grey, height_px)
            texts.append(recogniser.read(line).text)
        return texts

    return Loaded(VERSION, bundle.digest()[:12], read)


if __name__ == "__main__":
    race(load)
