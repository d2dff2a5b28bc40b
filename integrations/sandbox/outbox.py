"""What the stand-ins have to tell by webhook: events as they happen, and posts on their way, kept in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.http import Response
from integrations.sandbox.store import Doc, Store

SPACE = "mail"
TAKEN_FOR = timedelta(seconds=30)  # whoever took a post and died with it loses it to others then


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP POST to a webhook's address."""

    id: int
    url: str
    headers: Mapping[str, str]
    body: bytes


def note(store: Store, system: str, space: str, **what: Any) -> None:
    """Something happened; the same again before it was told is told once."""
    event = {"system": system, "space": space, **what}
    mark = "/".join(str(event[name]) for name in sorted(event))
    with store.transaction():
        if not store.find(SPACE, "event", "mark", mark):
            id = store.next_id(SPACE)
            store.put(SPACE, "event", id, {**event, "id": id, "at": store.now().isoformat()}, {"mark": mark})


def take_events(store: Store) -> list[Doc]:
    """Everything that happened and is not told yet, oldest first; it is the caller's to tell."""
    events = store.scan(SPACE, "event")
    for event in events:
        store.remove(SPACE, "event", event["id"])
    return events


def enclose(
    store: Store, url: str, headers: Mapping[str, str], body: bytes, waits_min: Sequence[int], **about: Any
) -> None:
    """A post to be sent now, and again after each of ``waits_min`` as long as it is not taken."""
    id = store.next_id(SPACE)
    post = {"id": id, "url": url, "headers": dict(headers), "body": body.decode()}
    doc = {**post, "due": store.now().isoformat(), "waits_min": list(waits_min), "about": about}
    store.put(SPACE, "post", id, doc)


def take_posts(store: Store) -> list[Post]:
    """Posts whose time has come; nobody else is given them for a while."""
    now = store.now()
    due = [doc for doc in store.scan(SPACE, "post") if datetime.fromisoformat(doc["due"]) <= now]
    for doc in due:
        store.put(SPACE, "post", doc["id"], {**doc, "due": (now + TAKEN_FOR).isoformat()})
    return [Post(doc["id"], doc["url"], doc["headers"], doc["body"].encode()) for doc in due]


def about(store: Store, post: Post) -> Doc | None:
    """What the post was for; None where it is settled already."""
    doc = store.get(SPACE, "post", post.id)
    return doc["about"] if doc else None


def settle(store: Store, post: Post, *, taken: bool) -> None:
    """Forgets a post that was taken, or that has been tried often enough."""
    doc = store.get(SPACE, "post", post.id)
    if doc is None:
        return
    if taken or not doc["waits_min"]:
        store.remove(SPACE, "post", post.id)
        return
    due = store.now() + timedelta(minutes=int(doc["waits_min"][0]))
    store.put(SPACE, "post", post.id, {**doc, "due": due.isoformat(), "waits_min": doc["waits_min"][1:]})


NOT_REACHED = Response(0)
