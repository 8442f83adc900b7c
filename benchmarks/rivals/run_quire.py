"""Quire itself, with each image as one line.

--model: folder of a model. Default: the bundled model.
"""

from __future__ import annotations

from benchmarks.rivals.stopwatch import Loaded, Options, batches, race


def load(options: Options) -> Loaded:
    """Load a model; lines of equal width in a batch are run together, as those of a page are."""
    from pathlib import Path

    import cv2

    cv2.setNumThreads(1)
    from model import DEFAULT_MODEL
    from model.images.decode import decode_image
    from model.line_images.crop import crop_lines
    from model.recogniser.bundle import load_bundle
    from model.recogniser.line_reading import read_lines
    from model.recogniser.recogniser import Recogniser
    from schemas import VERSION
    from schemas.records import Line, LineImage, Page

    bundle = load_bundle(options.model or DEFAULT_MODEL, options.precision)
    recogniser = Recogniser(bundle)
    height_px = bundle.preprocess.strip_height_px

    def cut(path: str) -> LineImage:
        page = Page(path, (Line("line", 0),), source="whole")
        (line,) = crop_lines(page, decode_image(Path(path).read_bytes()), height_px)
        return line

    def read(paths: list[str]) -> list[str]:
        return [
            line.text
            for some in batches(paths, options.batch)
            for line in read_lines([cut(path) for path in some], recogniser)
        ]

    return Loaded(VERSION, bundle.digest()[:12], read)


if __name__ == "__main__":
    race(load)
