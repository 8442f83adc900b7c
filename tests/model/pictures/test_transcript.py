"""Visualisation of a page with its transcriptions."""

import numpy as np

from model.pictures.transcript import draw_transcript

GREY = np.full((200, 300), 240, np.uint8)
LINE = (((20.0, 60.0), (280.0, 62.0)), ((20.0, 30.0), (280.0, 30.0), (280.0, 75.0)), "Émile")


def test_line_outline_and_text_are_drawn():
    picture = draw_transcript(GREY, [LINE])
    assert picture.shape == (200, 300, 3)
    plain = draw_transcript(GREY, [])
    assert (picture != plain).any(axis=-1).sum() > 300
    without_text = draw_transcript(GREY, [(*LINE[:2], "")])
    assert (picture != without_text).any()


def test_a_whole_image_without_geometry_is_drawn_too():
    assert draw_transcript(GREY, [((), (), "acte")]).shape == (200, 300, 3)
