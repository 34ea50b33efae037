"""Check which URLs a source may send us to: http(s), and nothing inside our own network."""

import ipaddress
import socket
from urllib.parse import SplitResult, urljoin, urlsplit

from pipeline.core.errors import ConfigurationError

SCHEMES = ("http", "https")

_IPV4_INSIDE = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""IPv6 addresses whose last 32 bits are an IPv4 address. Source: RFC 6052, 4291, 2765."""


def is_private(host: str) -> bool:
    """Whether a host's name or number leads to loopback, a local network or a reserved range.

    A name that cannot be resolved is not private: the request will fail by itself.

    Example:
        >>> is_private("127.0.0.1"), is_private("[::1]"), is_private("8.8.8.8")
        (True, True, False)
    """
    host = host.strip("[]").split("%")[0]
    if _is_number(host):
        return is_private_number(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(is_private_number(str(entry[4][0])) for entry in found)


def is_direct(host: str) -> bool:
    """Whether the name itself shows a host on this machine or network, to which no proxy leads.

    Example:
        >>> is_direct("localhost"), is_direct("192.168.1.7"), is_direct("api.example.org")
        (True, True, False)
    """
    return host == "localhost" or (_is_number(host) and is_private_number(host))


def is_private_number(number: str) -> bool:
    """Whether an IP address is one that the whole internet cannot reach, in any disguise.

    Example:
        >>> is_private_number("169.254.169.254"), is_private_number("::ffff:10.0.0.1")
        (True, True)
        >>> is_private_number("64:ff9b::7f00:1"), is_private_number("64:ff9b::808:808")
        (True, False)
    """
    address = ipaddress.ip_address(number.split("%")[0])
    address = _unwrap(address) if address.version == 6 else address
    return address.is_multicast or address.is_reserved or not address.is_global


def explain_rejection(url: str, base_url: str, *, may_reach_private: bool) -> str:
    """Return why a source whose address is `base_url` may not send us to `url`; "" where it may.

    Args:
        url: Absolute or relative to `base_url`.
        base_url: The configured address; its own host is always allowed.
        may_reach_private: Whether loopback and local networks are allowed.

    Example:
        >>> explain_rejection("file:///etc/passwd", "https://example.org/3", may_reach_private=True)
        'file: addresses are not fetched'
        >>> explain_rejection("/3/movie/1", "https://example.org/3", may_reach_private=False)
        ''
    """
    try:
        base = urlsplit(base_url)
        target = urlsplit(urljoin(base_url, url))
        same_host = (target.hostname, target.port) == (base.hostname, base.port)
    except ValueError:
        return "the address cannot be read"
    rejection = _explain_formal_rejection(target, base)
    if rejection or same_host or may_reach_private or not is_private(target.hostname or ""):
        return rejection
    return f"{target.hostname} lies in a private network"


def webhook_host(url: str) -> str:
    """Return the host of a webhook's address, the only part of it that may be shown.

    Raises:
        ConfigurationError: It is no http(s) address, or carries a user's name.

    Example:
        >>> webhook_host("https://hooks.example.org/services/T0/B0/secret")
        'hooks.example.org'
    """
    try:
        parts = urlsplit(url.strip())
        is_valid = parts.scheme in SCHEMES and bool(parts.hostname) and "@" not in parts.netloc
        parts.port  # noqa: B018 — raises where it is no number
    except ValueError:
        parts, is_valid = urlsplit(""), False
    if not is_valid or not url.strip().isprintable():
        raise ConfigurationError(
            "MARQUEE_ALERTS_URL is no http(s) address such as https://hooks.example.org/services/… "
            "(it is not shown because it is a secret)."
        )
    return parts.netloc


def _explain_formal_rejection(target: SplitResult, base: SplitResult) -> str:
    """Return what is wrong with an address as it is written; "" where nothing is."""
    if target.scheme not in SCHEMES:
        return f"{target.scheme or 'such'}: addresses are not fetched"
    if base.scheme == "https" and target.scheme != "https":
        return "it leads from https to http"
    if not target.hostname:
        return "the address names no host"
    if "@" in target.netloc or "\\" in target.netloc:
        return "the address carries a user's name"
    return ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False  # a name, or a number in a form that only the resolver reads
    return True


def _unwrap(
    address: ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address inside, where there is one: mapped, 6to4, NAT64 or as it once was."""
    if found := address.ipv4_mapped or address.sixtofour:
        return found
    if any(address in network for network in _IPV4_INSIDE):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
