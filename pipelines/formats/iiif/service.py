"""What an IIIF image service offers (Image API 1 to 3): which sizes of an image to ask it for.

https://iiif.io/api/image/3.0/#5-image-information
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from pipelines.formats.iiif.values import entries, mentions, number_of

_VERSION_1 = ("image-api/1", "api/image/1")
_VERSION_3 = ("image-api/3", "api/image/3", "imageservice3")
# A request as `image_addresses` and this module make it: base, width, quality.
_SIZED = re.compile(r"(.+)/full/([0-9]+),/0/(default|native)\.jpg")

Size = tuple[int, int]


def is_image_service(service: dict) -> bool:
    """Return whether a service provides images, and not search or authentication."""
    kind = str(service.get("type") or service.get("@type") or "")
    what = [kind, service.get("@context"), service.get("profile")]
    # A service without any type is one: other services have always been named.
    return not any(what) or mentions(what, "imageservice", "image-api", "api/image")


def quality_of(service: dict) -> str:
    """Return what the service calls the usual quality of an image."""
    return "native" if _is_version(service, _VERSION_1) else "default"


def has_any_size(service: dict) -> bool:
    """Return whether a service scales images to any width.

    Example:
        >>> has_any_size({"profile": "level1"}), has_any_size({"profile": "level0"})
        (True, False)
        >>> has_any_size({"profile": "level0", "extraFeatures": ["sizeByW"]})
        True
    """
    profile = service.get("profile")
    level = profile[0] if isinstance(profile, list) and profile else profile
    return not mentions(level, "level0") or any(
        "sizeByW" in features
        for part in _parts(service)
        for name in ("supports", "extraFeatures")
        if isinstance(features := part.get(name), list)
    )


def size_of(service: dict, resource: dict) -> Size:
    """Return width and height of an image, as its service or else a manifest has them.

    Example:
        >>> size_of({"width": 20, "height": 30}, {"width": 2, "height": 3}), size_of({}, {})
        ((20, 30), (0, 0))
    """
    known = next((one for one in (service, resource) if number_of(one, "width")), {})
    return number_of(known, "width"), number_of(known, "height")


def scaled_size(service: dict, size_px: Size, width_px: int) -> str:
    """Return the largest size to ask of a service that has any size.

    Args:
        service: Its description; `maxWidth`, `maxHeight` and `maxArea` limit what it gives.
        size_px: Width and height of the image or the region; zeros where unknown.
        width_px: Largest width to request.

    Returns:
        The size as an address has it.

    Example:
        >>> scaled_size({"maxWidth": 800}, (1799, 454), 3000)
        '800,'
        >>> scaled_size({"maxArea": 1_000_000}, (2000, 4000), 3000)
        '707,'
    """
    most_width, most_height, most_area = limits_of(service)
    width, height = size_px
    found = min(width or width_px, width_px, most_width or width_px)
    if not (width and height):
        # What limits the height says nothing of the width then; the service knows both.
        return "max" if most_area or most_height != most_width else f"{found},"
    if most_height:
        found = min(found, most_height * width // height)
    if most_area:
        found = min(found, math.isqrt(most_area * width // height))
        # The service rounds the height, which may take the area above the limit.
        while found > 1 and found * math.ceil(found * height / width) > most_area:
            found -= 1
    return f"{max(found, 1)},"


def limits_of(service: dict) -> tuple[int, int, int]:
    """Return the largest width, height and area that a service gives; 0 for no limit.

    Example:
        >>> limits_of({"profile": ["level2", {"maxWidth": 800}]})
        (800, 800, 0)
    """
    width, height, area = (
        next(filter(None, (number_of(part, name) for part in _parts(service))), 0)
        for name in ("maxWidth", "maxHeight", "maxArea")
    )
    # As the specification has it: without a height, the width limits both.
    return width, height or width, area


def listed_sizes(service: dict, width_px: int) -> list[str]:
    """List the sizes to ask of a service that has only some, best first.

    Args:
        service: Its description, with or without a list of `sizes`.
        width_px: The width to request, where it is there.

    Returns:
        The narrowest of at least that width, else the widest, which may be the image itself,
        as addresses have them; empty where no sizes are listed.

    Example:
        >>> sizes = [{"width": 500, "height": 700}, {"width": 1000, "height": 1400}]
        >>> listed_sizes({"sizes": sizes, "type": "ImageService3", "width": 4000}, 800)
        ['1000,1400']
        >>> listed_sizes({"sizes": sizes, "type": "ImageService3", "width": 4000}, 3000)
        ['max', '1000,1400']
    """
    sizes = sorted(
        (number_of(one, "width"), number_of(one, "height"))
        for one in entries(service.get("sizes"))
        if number_of(one, "width") and number_of(one, "height")
    )
    if not sizes:
        return []
    width, height = next((one for one in sizes if one[0] >= width_px), sizes[-1])
    found = [f"{width},{height}"]
    if not _is_version(service, _VERSION_3):
        # What version 2 calls the canonical form, and many static services have alone.
        found.append(f"{width},")
    is_smaller = width < min(width_px, number_of(service, "width") or width_px)
    return [whole_size(service), *found] if is_smaller else found


def whole_size(service: dict) -> str:
    """Return the size of the image itself, as addresses have it."""
    has_max = _is_version(service, _VERSION_3) or any(limits_of(service))
    return "max" if has_max else "full"


def info_address(address: str) -> str:
    """Return where a service describes the image that was asked for; empty for other addresses.

    Example:
        >>> info_address("https://example.org/i/7/full/3000,/0/default.jpg")
        'https://example.org/i/7/info.json'
    """
    request = _SIZED.fullmatch(address)
    return f"{request[1]}/info.json" if request else ""


def addresses_by_info(address: str, info: bytes) -> list[str]:
    """List what to ask of a service that has refused a size, as its own description has it.

    Args:
        address: What it refused.
        info: The answer to a request of `info_address(address)`.

    Returns:
        Addresses, best first; empty where the description gives no reason to ask again.

    Example:
        >>> asked = "https://example.org/i/7/full/3000,/0/default.jpg"
        >>> addresses_by_info(asked, b'{"width": 4000, "height": 2000, "maxWidth": 800}')
        ['https://example.org/i/7/full/800,/0/default.jpg']
    """
    request = _SIZED.fullmatch(address)
    try:
        service = json.loads(info)
    except (ValueError, RecursionError):
        return []
    if request is None or not isinstance(service, dict):
        return []
    width_px = int(request[2])
    sizes = listed_sizes(service, width_px)
    if has_any_size(service):
        sizes = [scaled_size(service, size_of(service, {}), width_px), *sizes]
    else:
        sizes.append(whole_size(service))
    return [
        found
        for size in dict.fromkeys(sizes)
        if (found := f"{request[1]}/full/{size}/0/{request[3]}.jpg") != address
    ]


def _parts(service: dict) -> Iterator[dict]:
    """Iterate over the places that limits and features may have: version 2 adds to the profile."""
    yield service
    profile = service.get("profile")
    yield from (part for part in entries(profile) if part is not profile)


def _is_version(service: dict, marks: tuple[str, ...]) -> bool:
    named = [service.get(name) for name in ("@context", "profile", "type", "@type", "protocol")]
    return mentions(named, *marks)
