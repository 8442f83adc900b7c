"""Which hosts may be asked: those that the user named, and none in an inner network besides."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
# Its last 32 bits are an IPv4 address (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class HostRules:
    """Which hosts may be asked.

    Attributes:
        named: Hosts with ports that the user named, such as 'example.org:443'; None where the
            user named each address, so that all may be asked.
        allowed: Further ones: 'example.org' on any port, 'example.org:8080', '*.example.org', or
            '*'. Patterns mean no host of an inner network.
    """

    named: tuple[str, ...] | None = None
    allowed: tuple[str, ...] = ()

    def refusal(self, address: str) -> str:
        """Return why an address may not be requested, and the cure; empty if it may.

        Args:
            address: An http or https address.

        Example:
            >>> rules = HostRules(("example.org:443",), ("*.example.com",))
            >>> rules.refusal("http://example.org/x"), rules.refusal("https://a.example.com/x")
            ('', '')
            >>> rules.refusal("https://example.net/x")
            '--input does not name the host example.net; add --allow_hosts example.net'
        """
        host, port = _host_and_port(address)
        is_known = (
            self.named is None
            or any(host == name.rpartition(":")[0] for name in self.named)
            or any(fnmatchcase(host, pattern) for pattern in self.allowed)
            or f"{host}:{port}" in self.allowed
        )
        if not is_known:
            return f"--input does not name the host {host}; add --allow_hosts {host}"
        numeric = _numeric(host)
        return self.inner_refusal(host, port, numeric) if numeric else ""

    def inner_refusal(self, host: str, port: int, place: str) -> str:
        """Return why the place of a host may not be asked; empty if it may.

        Args:
            host: The host.
            port: Its port.
            place: An IP address of it.

        Example:
            >>> rules = HostRules(("example.org:443", "127.0.0.1:8080"))
            >>> rules.inner_refusal("127.0.0.1", 8080, "127.0.0.1")
            ''
            >>> rules.inner_refusal("example.org", 443, "10.0.0.1") == ""
            True
            >>> rules.inner_refusal("127.0.0.1", 22, "127.0.0.1").partition(";")[0]
            '127.0.0.1:22 is in an inner network (127.0.0.1)'
        """
        if self.named is None or is_public(place):
            return ""
        exact = f"{host}:{port}"
        is_web = port in _PORTS.values()
        twins = [f"{host}:{other}" for other in _PORTS.values()] if is_web else []
        if {exact, host} & set(self.allowed) or {exact, *twins} & set(self.named):
            return ""
        return (
            f"{exact} is in an inner network ({place}); if it is yours, add --allow_hosts {exact}"
        )


def hosts_in(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the hosts of addresses with their ports, sorted.

    Example:
        >>> hosts_in(["https://b.org/x", "http://A.org:8080/y", "https://b.org/z"])
        ('a.org:8080', 'b.org:443')
    """
    return tuple(sorted({"{}:{}".format(*_host_and_port(address)) for address in addresses}))


def is_public(place: str) -> bool:
    """Whether an IP address belongs to the public internet.

    Args:
        place: IPv4 or IPv6, maybe with a zone.

    Example:
        >>> [is_public(one) for one in ("8.8.8.8", "10.1.2.3", "169.254.169.254", "::1")]
        [True, False, False, False]
        >>> [is_public(one) for one in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::")]
        [False, False, False]
    """
    address = ipaddress.ip_address(place.partition("%")[0])
    if address.version == 6:
        inner = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _host_and_port(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)


def _numeric(host: str) -> str:
    """Return the IP address that a host is written as, also '2130706433'; empty for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return ""
