"""Decides which addresses a source may send us to: http(s), and nothing inside our own network.

What belongs here: the decision. What does not: requests (see `resources.http`).
"""

import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

SCHEMES = ("http", "https")


def is_private(host: str) -> bool:
    """Whether a host's name or number leads to loopback, a local network or a reserved range.

    A name that cannot be resolved is not private: the request will fail by itself.

    Example:
        >>> is_private("127.0.0.1"), is_private("[::1]"), is_private("8.8.8.8")
        (True, True, False)
    """
    host = host.strip("[]").split("%")[0]
    if _is_number(host):
        return _is_private_number(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(_is_private_number(entry[4][0].split("%")[0]) for entry in found)


def is_direct(host: str) -> bool:
    """Whether the name itself says that the host is near, so that no proxy leads to it.

    Example:
        >>> is_direct("localhost"), is_direct("192.168.1.7"), is_direct("api.example.org")
        (True, True, False)
    """
    return host == "localhost" or (_is_number(host) and _is_private_number(host))


def find_objection(url: str, base_url: str, *, may_reach_private: bool) -> str:
    """Say why a source whose address is `base_url` may not send us to `url`; "" where it may.

    Args:
        url: Absolute or relative to `base_url`.
        base_url: The configured address; its own host is always allowed.
        may_reach_private: Whether loopback and local networks are allowed.

    Example:
        >>> find_objection("file:///etc/passwd", "https://example.org/3", may_reach_private=True)
        'file: addresses are not fetched'
        >>> find_objection("/3/movie/1", "https://example.org/3", may_reach_private=False)
        ''
    """
    try:
        target = urlsplit(urljoin(base_url, url))
        host, base_host = target.hostname, urlsplit(base_url).hostname
        same_host = (host, target.port) == (base_host, urlsplit(base_url).port)
    except ValueError:
        return "the address cannot be read"
    if target.scheme not in SCHEMES:
        return f"{target.scheme or 'such'}: addresses are not fetched"
    if not host:
        return "the address names no host"
    if same_host or may_reach_private or not is_private(host):
        return ""
    return f"{host} lies in a private network"


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False  # a name, or a number in a form that only the resolver reads
    return True


def _is_private_number(host: str) -> bool:
    address = ipaddress.ip_address(host)
    # an IPv4 address may be written as IPv6
    return not (getattr(address, "ipv4_mapped", None) or address).is_global
