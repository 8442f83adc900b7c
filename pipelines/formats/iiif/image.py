"""Addresses of the image of a canvas: by IIIF Image API 1 to 3, and of the image itself."""

from __future__ import annotations

import re

from pipelines.formats.addresses import clean_address
from pipelines.formats.iiif.values import entries, mentions, number_of, uri_of

# An A4 page at 360 dpi.
WIDTH_PX = 3000
# The end of an image request: region, size, rotation, quality and format.
_REQUEST = re.compile(r"/([^/]+)/[^/]+/(!?[0-9.]+)/\w+\.\w+$")
_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_REGION = re.compile(rf"(pct:)?{','.join([_NUMBER] * 4)}|full|square")
_VERSION_1 = ("image-api/1", "api/image/1")


def image_addresses(resource: dict, base: str, width_px: int = WIDTH_PX) -> tuple[str, ...]:
    """List the addresses of an image, best first.

    Args:
        resource: Its description in the manifest: the resource in version 2, the body in
            version 3; of a Choice the first image is used.
        base: Address of the manifest, for relative addresses.
        width_px: Largest width to request.

    Returns:
        The image with at most that width, if a service provides images of any size; then the
        image named in the manifest.

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
    """Return the address at the image service, if it provides images of any size."""
    service = next(filter(_is_image_service, entries(resource.get("service"))), None)
    if service is None or not uri_of(service) or not _has_any_size(service):
        return []
    region = _REGION.fullmatch(str(selector.get("region", "full")))
    request = _REQUEST.search(own)
    names_part = request is not None and (request[1], request[2]) != ("full", "0")
    if region is None or (names_part and not selector):
        # The manifest refers to a part of the image, or to the rotated image: use its address.
        return []
    width = number_of(service, "width") or number_of(resource, "width") or width_px
    width = _region_width_px(region, width)
    is_first = mentions([service.get("@context"), service.get("profile")], *_VERSION_1)
    quality = "native" if is_first else "default"
    rotation = selector.get("rotation", "0")
    size = f"{min(width, width_px)},"
    return [f"{uri_of(service).rstrip('/')}/{region[0]}/{size}/{rotation}/{quality}.jpg"]


def _region_width_px(region: re.Match, width_px: int) -> int:
    """Return the width of a region; version 3 does not allow requests for a larger one."""
    if not region[4]:
        return width_px
    left, width = float(region[2]), float(region[4])
    if region[1]:
        return max(1, int(min(width, max(100 - left, 0)) * width_px / 100))
    return number_of({"width": width}, "width") or width_px


def _is_image_service(service: dict) -> bool:
    """Return whether a service provides images, and not search or authentication."""
    kind = str(service.get("type") or service.get("@type") or "")
    what = [kind, service.get("@context"), service.get("profile")]
    # A service without any type is one: other services have always been named.
    return not any(what) or mentions(what, "imageservice", "image-api", "api/image")


def _has_any_size(service: dict) -> bool:
    profile = service.get("profile")
    level = profile[0] if isinstance(profile, list) and profile else profile
    return not mentions(level, "level0")
