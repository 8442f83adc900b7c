"""Write an IIIF Presentation 3 manifest of a document: its canvases, images and annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

_CONTEXT = "http://iiif.io/api/presentation/3/context.json"


@dataclass(frozen=True)
class Canvas:
    """A page in a manifest.

    Attributes:
        canvas_id: Address of the canvas, as its annotations name it.
        label: What the page is called.
        image: Address of its image.
        media_type: Of the image.
        image_px: Width and height of the image.
        canvas_px: Width and height of the canvas, in which annotations are placed.
        annotations: Address of its annotation page.
    """

    canvas_id: str
    label: str
    image: str
    media_type: str
    image_px: tuple[int, int]
    canvas_px: tuple[int, int]
    annotations: str


def write_manifest(address: str, label: str, canvases: Sequence[Canvas]) -> bytes:
    """Write the manifest of a document.

    Args:
        address: Where the manifest will be served.
        label: What the document is called.
        canvases: Its pages, in order.

    Returns:
        The file, JSON in UTF-8.
    """
    body = {
        "@context": _CONTEXT,
        "id": address,
        "type": "Manifest",
        "label": {"none": [label]},
        "items": [_canvas(one) for one in canvases],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _canvas(canvas: Canvas) -> dict:
    width_px, height_px = canvas.canvas_px
    body = {
        "id": canvas.image,
        "type": "Image",
        "format": canvas.media_type,
        "width": canvas.image_px[0],
        "height": canvas.image_px[1],
    }
    painting = {
        "id": f"{canvas.annotations}#image",
        "type": "Annotation",
        "motivation": "painting",
        "body": body,
        "target": canvas.canvas_id,
    }
    images = {"id": f"{canvas.annotations}#images", "type": "AnnotationPage", "items": [painting]}
    return {
        "id": canvas.canvas_id,
        "type": "Canvas",
        "label": {"none": [canvas.label]},
        "width": width_px,
        "height": height_px,
        "items": [images],
        "annotations": [{"id": canvas.annotations, "type": "AnnotationPage"}],
    }
