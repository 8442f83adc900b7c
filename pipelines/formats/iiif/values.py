"""Read values from IIIF JSON, where a single value and a list are interchangeable."""

from __future__ import annotations


def entries(value: object) -> list[dict]:
    """List the objects in a value: one, several or none; a string is an object with that id.

    Example:
        >>> entries({"id": "a"}), entries([{"id": "a"}, 3, "b"]), entries(None)
        ([{'id': 'a'}], [{'id': 'a'}, {'id': 'b'}], [])
    """
    several = value if isinstance(value, list) else [value]
    named = ({"id": one} if isinstance(one, str) else one for one in several)
    return [one for one in named if isinstance(one, dict)]


def uri_of(value: dict) -> str:
    """Return the id of an object, without unprintable characters and surrounding white space.

    It is empty where there is none.

    Example:
        >>> uri_of({"@id": " https://example.org/1 "}), uri_of({"id": 7})
        ('https://example.org/1', '')
    """
    for name in ("id", "@id"):
        uri = value.get(name)
        if isinstance(uri, str) and (plain := "".join(filter(str.isprintable, uri)).strip()):
            return plain
    return ""


def number_of(value: dict, name: str) -> int:
    """Return a size in pixels; 0 where there is none.

    Example:
        >>> number_of({"width": 2480}, "width"), number_of({"width": "2480"}, "width")
        (2480, 2480)
        >>> number_of({"width": "wide"}, "width"), number_of({"width": 1e300}, "width")
        (0, 0)
    """
    try:
        number = int(float(value.get(name) or 0))
    except (OverflowError, TypeError, ValueError):
        return 0
    return number if 0 < number < 2**31 else 0


def text_of(label: object) -> str:
    """Return a label in the first of its languages; empty where there is none.

    Example:
        >>> text_of("12r"), text_of({"none": ["12r"]}), text_of([{"@value": "12r"}])
        ('12r', '12r', '12r')
        >>> text_of({"en": []})
        ''
    """
    # Labels are nested at most this deep in either version.
    for _ in range(4):
        if isinstance(label, dict):
            label = label.get("@value") or next(iter(label.values()), "")
        elif isinstance(label, list):
            label = label[0] if label else ""
    is_plain = isinstance(label, (str, int, float)) and not isinstance(label, bool)
    # A lone surrogate is valid JSON, but cannot be encoded.
    return " ".join(str(label).encode(errors="replace").decode().split()) if is_plain else ""


def mentions(value: object, *words: str) -> bool:
    """Return whether a value, or any value in it, contains one of some lower-case words."""
    text = str(value).lower()
    return any(word in text for word in words)
