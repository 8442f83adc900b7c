"""Addresses of the image of a canvas: by IIIF Image API 1 to 3, and of the image itself."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pipelines.formats.addresses import clean_address
from pipelines.formats.iiif.service import (
    Size,
    has_any_size,
    is_image_service,
    listed_sizes,
    quality_of,
    scaled_size,
    size_of,
    whole_size,
)
from pipelines.formats.iiif.values import entries, number_of, uri_of

# An A4 page at 360 dpi.
WIDTH_PX = 3000
_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_REGION = re.compile(rf"(pct:)?{','.join([_NUMBER] * 4)}|full|square")
# The end of an image request: region, size, rotation, quality and format.
_REQUEST = re.compile(
    rf"/(?P<region>{_REGION.pattern})"
    r"/\^?(?:full|max|pct:[0-9.]+|!?[0-9]+,[0-9]*|,[0-9]+)"
    r"/(?P<rotation>!?[0-9.]+)"
    r"/(?:default|native|colou?r|gr[ae]y|bitonal)(?:\.\w+)?"
)


def image_addresses(resource: dict, base: str, width_px: int = WIDTH_PX) -> tuple[str, ...]:
    """List the addresses of an image, best first.

    Args:
        resource: Its description in the manifest: the resource in version 2, the body in
            version 3; of a Choice the first image is used.
        base: Address of the manifest, for relative addresses.
        width_px: Largest width to request.

    Returns:
        The image with at most that width, if a service provides images of any size, within the
        limits that it states; or the one nearest that width, if it lists sizes; then the image
        named in the manifest.

    Raises:
        ValueError: If there is no address, or an invalid one.

    Example:
        >>> service = {"id": "https://example.org/i/7/", "type": "ImageService3"}
        >>> image = {"id": "https://example.org/7.jpg", "width": 9000, "service": [service]}
        >>> image_addresses(image, "", 2400)
        ('https://example.org/i/7/full/2400,/0/default.jpg', 'https://example.org/7.jpg')
    """
    selector: dict = {}
    # The deepest nesting is a Choice of a part of an image.
    for _ in range(3):
        selector = selector or _selector(resource)
        inner = _first_inside(resource)
        if inner is None:
            break
        resource, outer = inner, resource
        resource = {"service": outer.get("service"), **resource}
    own = uri_of(resource)
    found = _from_service(resource, selector, own, width_px)
    if own and not (selector and found):
        found.append(own)
    if not found:
        raise ValueError("has an image without an address; correct the manifest")
    return tuple(dict.fromkeys(clean_address(one, base) for one in found))


def _first_inside(resource: dict) -> dict | None:
    """Return the first image in a Choice, or the image that a SpecificResource is a part of."""
    kind = str(resource.get("type") or resource.get("@type") or "").rpartition(":")[2]
    names = {
        "Choice": ("default", "items", "item"),
        "SpecificResource": ("source", "full"),
    }.get(kind, ())
    return next((one for name in names for one in entries(resource.get(name))), None)


def _selector(resource: dict) -> dict:
    found = (one for one in entries(resource.get("selector")) if "region" in one)
    return next(found, {})


def _from_service(resource: dict, selector: dict, own: str, width_px: int) -> list[str]:
    """Return the addresses at the image service, if it provides images of several sizes."""
    service = next(filter(is_image_service, entries(resource.get("service"))), None)
    region = _REGION.fullmatch(str(selector.get("region", "full")))
    # Where the manifest refers to a part of the image, or to the rotated image, use its address.
    if not (service and uri_of(service)) or region is None or (_names_part(own) and not selector):
        return []
    rotation = str(selector.get("rotation", "0"))
    sizes = _sizes(service, resource, region, width_px)
    if not sizes and not own and (region[0], rotation) == ("full", "0"):
        sizes = [whole_size(service)]
    place = f"{uri_of(service).rstrip('/')}/{region[0]}"
    return [f"{place}/{size}/{rotation}/{quality_of(service)}.jpg" for size in sizes]


def _names_part(address: str) -> bool:
    """Return whether an address is a request of a part of an image, or of the rotated image."""
    path = unquote(address.split("?")[0].split("#")[0])
    # Another path may end in some of these, such as /box/7/3/page.jpg.
    request = _REQUEST.search(path)
    if request is None or request.end() < len(path):
        return False
    return (request["region"], request["rotation"].rstrip(".0")) != ("full", "")


def _sizes(service: dict, resource: dict, region: re.Match, width_px: int) -> list[str]:
    size_px = size_of(service, resource)
    if has_any_size(service):
        return [scaled_size(service, _region_size_px(region, size_px, width_px), width_px)]
    if region[0] != "full":
        return []
    return listed_sizes({**service, "width": size_px[0]}, width_px)


def _region_size_px(region: re.Match, size_px: Size, width_px: int) -> Size:
    """Return the size of a region; version 3 does not allow requests for a larger one."""
    width, height = size_px[0] or width_px, size_px[1]
    if region[0] == "square":
        side = min(width, height or width)
        return side, side
    if region[0] == "full":
        return width, height
    left, top, across, down = (float(region[place]) for place in (2, 3, 4, 5))
    if region[1]:
        return _percent(left, across, width), _percent(top, down, height)
    own = {"width": across, "height": down}
    return number_of(own, "width") or width, number_of(own, "height")


def _percent(start: float, share: float, whole_px: int) -> int:
    return max(1, int(min(share, max(100 - start, 0)) * whole_px / 100)) if whole_px else 0
