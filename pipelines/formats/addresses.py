"""Web addresses as found in manifests and lists: recognised, checked and quoted."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit

# Characters that stay unquoted; '%' is one, as the address may be quoted already.
_KEPT = "%/:=&?~+!$,;'@()*[]"
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_LONGEST_ADDRESS = 8192


def is_address(uri: str) -> bool:
    """Return whether a URI is a web address.

    Example:
        >>> is_address("HTTPS://example.org/x"), is_address("gs://b/x"), is_address("d/x")
        (True, False, False)
    """
    return uri.lstrip()[:8].lower().startswith(("http://", "https://"))


def clean_address(text: str, base: str = "") -> str:
    """Return an address that can be requested.

    Args:
        text: The address; surrounding white space is removed, and characters that an address
            must not contain are quoted.
        base: Address that a relative one is resolved against; empty for none.

    Returns:
        The address, without a fragment.

    Raises:
        ValueError: If it is not an http or https address, is too long, or has a user name.

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
        raise ValueError(f"address {shown} cannot be parsed; correct it") from None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise ValueError(f"address {shown} is not http or https; correct it")
    if len(address) > _LONGEST_ADDRESS or parts.username is not None:
        raise ValueError(f"address {shown} is too long or contains a user name; shorten it")
    if ":" in host:
        host = f"[{host}]"
    return urlunsplit((parts.scheme, host + port, path, query, ""))


def _quoted(part: str) -> str:
    return _LONE_PERCENT.sub("%25", quote(part, safe=_KEPT))


# A manifest names the same host thousands of times.
@lru_cache(maxsize=256)
def _ascii_host(host: str) -> str:
    return host.encode("idna").decode()
