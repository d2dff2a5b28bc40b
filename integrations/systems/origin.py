"""Which addresses may be called: those below one configured address, and no other."""

import ipaddress
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


class WrongAddress(ValueError):
    """An address that must not be called; nothing was sent."""


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises WrongAddress on anything but plain http or https."""
    try:
        parts = urlsplit(url)
        scheme, host, port = (
            parts.scheme.lower(),
            (parts.hostname or "").lower(),
            parts.port,
        )
    except ValueError as error:
        raise WrongAddress(f"not an address: {error}") from error
    if scheme not in _PORTS or not host or parts.username or parts.password or "\\" in url:
        raise WrongAddress("not a plain http or https address")
    return scheme, host, port or _PORTS[scheme]


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_base(url: str) -> str:
    """``url`` without a final slash. Raises WrongAddress unless it is https, or http on this machine."""
    scheme, host, _ = origin(url)
    if scheme != "https" and not is_loopback(host):
        raise WrongAddress(f"{host} has to be called over https")
    if "?" in url or "#" in url:
        raise WrongAddress("a base address has no query and no fragment")
    return url.rstrip("/")


def below(base: str, url: str) -> str:
    """``url`` where it lies below ``base`` on the same scheme, host and port. Raises WrongAddress otherwise."""
    if origin(url) != origin(base):
        raise WrongAddress("an address on another host")
    path, prefix = urlsplit(url).path, urlsplit(base).path.rstrip("/") + "/"
    if not path.startswith(prefix) or ".." in path.split("/") or "%2e" in path.lower() or "%2f" in path.lower():
        raise WrongAddress("an address outside the configured one")
    return url


def joined(base: str, path: str) -> str:
    """The address of ``path`` below ``base``, or ``path`` where it is an address already. Raises WrongAddress."""
    if path.startswith("//"):
        raise WrongAddress("an address on another host")
    return below(base, path if "://" in path else f"{base}/{path.lstrip('/')}")


def relative(base: str, url: str) -> str:
    """The path of ``url`` below ``base``, without its query."""
    return urlsplit(url).path.removeprefix(urlsplit(base).path.rstrip("/")) or "/"
