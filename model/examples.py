"""From a cut line to a training example."""

from __future__ import annotations

import cv2

from model.charset import normalise_text
from schemas.records import Failure, LineExample, LineImage, Page


def to_example(image: LineImage, page: Page) -> LineExample | Failure:
    """Join a line image and its text.

    Args:
        image: The line.
        page: Its page, with its split.

    Returns:
        The example, or a failure if the line has no text.
    """
    text = normalise_text(image.line.text or "")
    if not text:
        error = "line has no text; transcribe it or take it out"
        return Failure(page.uri, "text", error, image.line.line_id)
    height_px, width_px = image.strip.shape
    return LineExample(
        image=cv2.imencode(".png", image.strip)[1].tobytes(),
        width_px=width_px,
        height_px=height_px,
        text=text,
        page_uri=page.uri,
        line_id=image.line.line_id,
        document=page.document,
        source=page.source,
        split=page.split,
    )
