"""Visualisation of a prediction: the text below its line image, or on its page."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from model.pictures.lettering import draw_text, text_height_px, text_width_px
from model.pictures.transcript import draw_transcript
from model.recogniser.prediction import WHOLE, Prediction

_INK = (170, 20, 20)
_PAPER = (255, 255, 255)
# Height of the text as a share of the line's, and its bounds.
_TEXT_SHARE, _SMALLEST_TEXT_PX, _LARGEST_TEXT_PX = 0.4, 14, 60
_MARGIN_SHARE = 0.4


def draw_prediction(grey: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Draw a prediction on its image.

    Args:
        grey: uint8 [height_px, width_px], the image.
        prediction: Result of `model.recogniser.prediction.predict_image` for the image.

    Returns:
        uint8 [height_px, width_px, 3], RGB. On a page each text is below its baseline. Below a
        line image the picture is extended for the text, and to its width if the text is wider.
    """
    if prediction.source == WHOLE:
        return _draw_below(grey, prediction.text)
    read = (line.transcript for line in prediction.lines)
    return draw_transcript(grey, [(r.line.baseline, r.line.polygon, r.text) for r in read])


def _draw_below(grey: np.ndarray, text: str) -> np.ndarray:
    height_px, width_px = grey.shape
    size_px = int(np.clip(height_px * _TEXT_SHARE, _SMALLEST_TEXT_PX, _LARGEST_TEXT_PX))
    margin_px = round(size_px * _MARGIN_SHARE)
    text_px = round(text_width_px(text, size_px)) + 2 * margin_px
    below_px = text_height_px(size_px) + 2 * margin_px
    picture = Image.new("RGB", (max(width_px, text_px), height_px + below_px), _PAPER)
    picture.paste(Image.fromarray(grey), (0, 0))
    draw_text(ImageDraw.Draw(picture), (margin_px, height_px + margin_px), text, size_px, fill=_INK)
    return np.asarray(picture)
