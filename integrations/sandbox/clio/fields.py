"""The ``fields`` parameter: a comma list of names, each with at most one level of braces."""

import re
from collections.abc import Iterator, Mapping

from integrations.sandbox.clio.schema import Entity, entity

Selection = Mapping[str, tuple[str, ...]]  # name -> names inside its braces, () for a plain field

_ITEM = re.compile(r"\s*([A-Za-z_0-9]+)\s*(\{([^{}]*)\})?\s*(,|$)")


class InvalidFields(ValueError):
    """The text is not a list of fields this entity has; Clio answers 400."""


def parse(owner: Entity, text: str | None) -> Selection:
    """What to answer with. None or blank means the defaults; ``id`` and ``etag`` are not added to a given list."""
    if not text:
        return dict.fromkeys(owner.defaults, ())
    return {name: _inner(owner, name, braces) for name, braces in _items(text)}


def _items(text: str) -> Iterator[tuple[str, str | None]]:
    position = 0
    while position < len(text):
        found = _ITEM.match(text, position)
        if not found or (found[4] == "," and found.end() == len(text)):
            raise InvalidFields(f"fields could not be understood near: {text[position : position + 40]}")
        yield found[1], found[3]
        position = found.end()


def _inner(owner: Entity, name: str, braces: str | None) -> tuple[str, ...]:
    if name in owner.fields:
        if braces is not None:
            raise InvalidFields(f"{name} is a plain field of {owner.name}")
        return ()
    if name not in owner.associations:
        raise InvalidFields(f"Invalid field(s): {name} for {owner.name}")
    target = entity(owner.associations[name].entity)
    if braces is None:
        return target.defaults
    return _checked(target, braces)


def _checked(target: Entity, braces: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in braces.split(","))
    unknown = [name for name in names if not target.knows(name)]
    if unknown:
        raise InvalidFields(f"Invalid field(s): {', '.join(unknown) or '{}'} for {target.name}")
    return names
