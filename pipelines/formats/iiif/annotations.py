"""Write an IIIF Presentation 3 annotation page (W3C Web Annotation): from a page to bytes."""

from __future__ import annotations

import json
from urllib.parse import quote

from pipelines.formats.addresses import is_address
from pipelines.formats.boxes import box_of
from pipelines.formats.page_text import PageText
from pipelines.formats.xml_names import XmlNames
from schemas.records import Transcript

EXTENSION = ".json"
_CONTEXT = "http://iiif.io/api/presentation/3/context.json"
_MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"


def write_annotations(page: PageText, base: str, mirrored: str) -> bytes:
    """Write the lines of a page as annotations that supplement its canvas.

    Args:
        page: A normalised page.
        base: Address at which the output folder will be served.
        mirrored: The page's file in that folder, without extension.

    Returns:
        The file, JSON in UTF-8. The canvas is the URI of the page if that is a web address,
        else one made of the base and the mirrored name.

    Example:
        >>> page = PageText("scans/a b.jpg", 10, 10)
        >>> json.loads(write_annotations(page, "https://example.org/notes", "a b.jpg"))["id"]
        'https://example.org/notes/a%20b.jpg.json'
    """
    page_id, canvas = addresses_of(page, base, mirrored)
    names = XmlNames()
    named = [(line, quote(names.give(line.line.line_id))) for line in page.lines]
    scale = tuple(
        canvas_px / px if canvas_px and px else 1.0
        for canvas_px, px in zip(page.canvas_px, (page.width_px, page.height_px))
    )
    body = {
        "@context": _CONTEXT,
        "id": page_id,
        "type": "AnnotationPage",
        "items": [_annotation(line, f"{page_id}#{name}", canvas, scale) for line, name in named],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def addresses_of(page: PageText, base: str, mirrored: str) -> tuple[str, str]:
    """Return the addresses of the annotations and of the canvas of a page, as `write_annotations`.

    Example:
        >>> addresses_of(PageText("a.jpg", 9, 9), "https://a.org/", "a.jpg")
        ('https://a.org/a.jpg.json', 'https://a.org/a.jpg/canvas')
    """
    address = f"{base.rstrip('/')}/{quote(mirrored)}"
    return address + EXTENSION, page.uri if is_address(page.uri) else f"{address}/canvas"


def _bodies(transcript: Transcript) -> dict | list[dict]:
    """Return the text of a line, and its kinds as tags."""
    text = {"type": "TextualBody", "format": "text/plain", "value": transcript.text}
    kinds = transcript.line.kinds
    tags = [{"type": "TextualBody", "purpose": "tagging", "value": kind} for kind in kinds]
    return [text, *tags] if tags else text


def _annotation(transcript: Transcript, name: str, canvas: str, scale: tuple[float, float]) -> dict:
    # The canvas may have another size than the image that was read.
    outline = tuple((round(x * scale[0]), round(y * scale[1])) for x, y in transcript.line.polygon)
    left, top, right, bottom = box_of(outline)
    points = " ".join(f"{x},{y}" for x, y in outline)
    return {
        "id": name,
        "type": "Annotation",
        "motivation": "supplementing",
        "body": _bodies(transcript),
        "target": {
            "type": "SpecificResource",
            "source": canvas,
            # The same place in two notations; a viewer uses the one it supports.
            "selector": [
                {
                    "type": "FragmentSelector",
                    "conformsTo": _MEDIA_FRAGMENTS,
                    "value": f"xywh={left},{top},{right - left},{bottom - top}",
                },
                {
                    "type": "SvgSelector",
                    "value": '<svg xmlns="http://www.w3.org/2000/svg">'
                    f'<polygon points="{points}"/></svg>',
                },
            ],
        },
    }
