"""Read IIIF Presentation 2 and 3 manifests: from bytes to the pages that they list.

https://iiif.io/api/presentation/2.1/ and https://iiif.io/api/presentation/3.0/, read leniently:
missing properties, and properties of the other version, are accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from pipelines.formats.addresses import is_address
from pipelines.formats.iiif.image import WIDTH_PX, image_addresses
from pipelines.formats.iiif.values import entries, number_of, text_of, uri_of
from schemas.records import PageSource

# Lists of a collection, in version 2 and 3.
_COLLECTED = ("manifests", "collections", "members")


def read_manifest(data: bytes, uri: str, width_px: int = WIDTH_PX) -> Iterator[PageSource]:
    """Read the pages of a manifest.

    Args:
        data: Its bytes.
        uri: Where it is; for pages without an id, and for relative addresses.
        width_px: Largest width of images to request.

    Yields:
        A page for each canvas of the first sequence, in its order. Its `uri` is the id of the
        canvas; if that is not a web address, the manifest and the id, as another manifest may
        use the same; if there is no id, or two images share one, the manifest and a number. A
        page without an image has a fault.

    Raises:
        ValueError: If it is not a manifest, or has no pages.
    """
    manifest = _load(data)
    canvases = _canvases(manifest)
    if not canvases:
        raise ValueError("manifest lists no pages; remove it")
    taken: dict[str, tuple[str, ...]] = {}
    for place, canvas in enumerate(canvases):
        page = _page(canvas, uri, place, width_px)
        if taken.setdefault(page.uri, page.addresses) != page.addresses:
            page = _page({**canvas, "id": "", "@id": ""}, uri, place, width_px)
        yield page


def _load(data: bytes) -> dict:
    try:
        manifest = json.loads(data)
    # Thousands of nested brackets raise RecursionError.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"file is not JSON ({str(error)[:80]}); give a manifest") from None
    if not isinstance(manifest, dict):
        raise ValueError("JSON is a list or value, not an IIIF manifest; give a manifest")
    return manifest


def _canvases(manifest: dict) -> list[dict]:
    kind = str(manifest.get("type") or manifest.get("@type") or "").rpartition(":")[2].lower()
    collected = [one for name in _COLLECTED for one in entries(manifest.get(name))]
    if kind == "collection" or (not kind and collected):
        collected += entries(manifest.get("items"))
        raise ValueError(
            f"file is an IIIF collection of {len(collected)}, not a manifest; list the "
            "addresses of its manifests in a file and give that with @"
        )
    if "sequences" in manifest:
        first = entries(manifest["sequences"])[:1]
        return [canvas for sequence in first for canvas in _places(sequence.get("canvases"))]
    if kind == "manifest" or "items" in manifest:
        return _places(manifest.get("items"))
    raise ValueError(
        "JSON is not an IIIF manifest: it has neither sequences nor items; give a manifest"
    )


def _places(listed: object) -> list[dict]:
    """List canvases; what is none in a list is one without an image, so that its place is told."""
    if not isinstance(listed, list):
        return entries(listed)
    return [canvas for one in listed for canvas in (entries(one)[:1] or [{}])]


def _page(canvas: dict, uri: str, place: int, width_px: int) -> PageSource:
    name = _page_uri(uri_of(canvas), uri, place)
    size = number_of(canvas, "width"), number_of(canvas, "height")
    page = PageSource(name, (), uri, place, text_of(canvas.get("label")), size)
    try:
        return replace(page, addresses=image_addresses(_resource(canvas, size), uri, width_px))
    except (ValueError, RecursionError) as error:
        return replace(page, fault=f"{uri}: canvas {place + 1} {error}")


def _page_uri(canvas_id: str, uri: str, place: int) -> str:
    if is_address(canvas_id):
        return canvas_id
    return f"{uri}#id={canvas_id}" if canvas_id else f"{uri}#canvas={place + 1}"


def _resource(canvas: dict, size: tuple[int, int]) -> dict:
    """Return the first image that is painted on the whole canvas."""
    painted = entries(canvas.get("images"))
    for page in entries(canvas.get("items")) or entries(canvas.get("content")):
        painted += entries(page.get("items")) or entries(page.get("resources"))
    found = [one for one in painted if "paint" in str(one.get("motivation") or "paint")]
    if not found:
        raise ValueError("has no image; add one, or remove the canvas")
    whole = next((one for one in found if _covers(one, size)), None)
    if whole is None:
        if len(found) == 1:
            raise ValueError("has an image on only a part of it; give the image itself as --input")
        raise ValueError(
            f"is composed of {len(found)} images; give the images themselves as --input"
        )
    for body in entries(whole.get("body")) or entries(whole.get("resource")):
        return body
    raise ValueError("has an annotation without an image; add one, or remove the canvas")


def _covers(annotation: dict, size: tuple[int, int]) -> bool:
    """Return whether an image covers the whole canvas, and not only a part."""
    target = annotation.get("target") or annotation.get("on")
    if isinstance(target, list):
        target = target[0] if target else ""
    text = target if isinstance(target, str) else json.dumps(target)
    marker = "xywh="
    if marker not in text:
        return True
    numbers = text.split(marker)[1].split('"')[0].removeprefix("pixel:").removeprefix("percent:")
    full = {"0,0,100,100", "0,0,{},{}".format(*size)}
    return numbers in full
