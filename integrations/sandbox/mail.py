"""Sends the webhooks of both stand-ins; whoever calls says how, and may lose, double and shuffle them."""

from collections.abc import Callable, Sequence

import requests

from integrations.sandbox import outbox
from integrations.sandbox.clio import webhooks as clio
from integrations.sandbox.http import Response
from integrations.sandbox.outbox import Post
from integrations.sandbox.quickbooks import webhooks as quickbooks
from integrations.sandbox.store import Store

Carry = Callable[[Post], Response]
Fate = Callable[[Sequence[Post]], Sequence[Post]]


class Mail:
    """The webhooks of one world, on its clock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> list[Post]:
        """Every post whose time has come. Each is then sent, as often and in whatever order, or lost."""
        with self._store.transaction():
            events = outbox.take_events(self._store)
            clio.enclose(self._store, [event for event in events if event["system"] == "clio"])
            quickbooks.enclose(self._store, [event for event in events if event["system"] == "quickbooks"])
            return outbox.take_posts(self._store)

    def send(self, post: Post, carry: Carry) -> int:
        """The status of the answer, 0 where there was none. What was not taken comes again later."""
        answer = carry(post)
        with self._store.transaction():
            about = outbox.about(self._store, post)
            if about is not None:
                settle = clio.settle if about["system"] == "clio" else quickbooks.settle
                outbox.settle(self._store, post, taken=settle(self._store, about, answer))
        return answer.status

    def lose(self, post: Post) -> None:
        """It never arrives, and never comes again."""
        outbox.settle(self._store, post, taken=True)

    def deliver(self, carry: Carry, fate: Fate = list) -> list[int]:
        """Sends what ``fate`` makes of the posts that are due; what it leaves out is lost."""
        posts = self.collect()
        sent = list(fate(posts))
        for post in posts:
            if post not in sent:
                self.lose(post)
        return [self.send(post, carry) for post in sent]


def over_http(post: Post) -> Response:
    """As the vendors do: a short time to answer, redirects not followed."""
    try:
        answer = requests.post(
            post.url, data=post.body, headers=dict(post.headers), timeout=(2, 3), allow_redirects=False
        )
    except requests.RequestException:
        return outbox.NOT_REACHED
    return Response(answer.status_code, answer.content, {name.lower(): text for name, text in answer.headers.items()})
