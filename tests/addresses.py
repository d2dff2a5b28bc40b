"""Every address of the portal, taken from the resolver, so that a test of all pages cannot forget a new one."""

from collections.abc import Iterator

from django.urls import URLResolver, get_resolver

IN_A_FIRM = "f/<slug:firm>/"


def patterns(resolver: URLResolver | None = None, route: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """Name, with its namespace, and route of each; a pattern without a name goes by its route."""
    for each in (resolver or get_resolver()).url_patterns:
        here = f"{route}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from patterns(each, here, f"{space}{each.namespace}:" if each.namespace else space)
        else:
            yield f"{space}{each.name or here}", here


def of_a_firm() -> list[str]:
    """The names of the patterns inside a firm."""
    return [name for name, route in patterns() if route.startswith(IN_A_FIRM)]
