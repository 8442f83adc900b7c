"""Addresses of the web, as manifests and people write them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit

# What may stand in an address as it is; '%' too, for it may be quoted already.
_KEPT = "%/:=&?~+!$,;'@()*[]"
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_LONGEST_ADDRESS = 8192


def is_address(uri: str) -> bool:
    """Tell an address of the web from a path.

    Example:
        >>> is_address("HTTPS://example.org/x"), is_address("gs://b/x"), is_address("d/x")
        (True, False, False)
    """
    return uri.lstrip()[:8].lower().startswith(("http://", "https://"))


def clean_address(text: str, base: str = "") -> str:
    """Make an address fit to be asked for.

    Args:
        text: The address; white space around it goes, and what an address may not hold is
            quoted.
        base: Address that a relative one starts from; empty for none.

    Returns:
        The address, without a fragment.

    Raises:
        ValueError: If it is none of http or https.

    Example:
        >>> clean_address(" https://example.org/a b/é.jpg ")
        'https://example.org/a%20b/%C3%A9.jpg'
        >>> clean_address("../x.jpg", "https://example.org/a/manifest.json")
        'https://example.org/x.jpg'
    """
    address = text.strip()
    shown = repr(address[:100])
    try:
        if base and is_address(base):
            address = urljoin(base, address)
        parts = urlsplit(urldefrag(address).url)
        host = _ascii_host(parts.hostname or "")
        port = f":{parts.port}" if parts.port else ""
        path, query = map(_quoted, (parts.path, parts.query))
    except (UnicodeError, ValueError):
        raise ValueError(f"address {shown} cannot be read; mend it") from None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise ValueError(f"address {shown} is none of http or https; mend it")
    if len(address) > _LONGEST_ADDRESS or parts.username is not None:
        raise ValueError(f"address {shown} is too long or has a user in it; shorten it")
    if ":" in host:
        host = f"[{host}]"
    return urlunsplit((parts.scheme, host + port, path, query, ""))


def _quoted(part: str) -> str:
    return _LONE_PERCENT.sub("%25", quote(part, safe=_KEPT))


# A manifest names the same host thousands of times.
@lru_cache(maxsize=256)
def _ascii_host(host: str) -> str:
    return host.encode("idna").decode()
