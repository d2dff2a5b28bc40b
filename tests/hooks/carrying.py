"""Carries what the stand-ins post to the portal in this process, as HTTP would."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from integrations.sandbox.http import Response
from integrations.sandbox.mail import Fate
from integrations.sandbox.outbox import Post
from tests.hooks.posts import post as posted
from tests.portal import Portal


def carry(post: Post) -> Response:
    """The portal's answer to one post."""
    answer = posted(urlsplit(post.url).path, post.body, dict(post.headers))
    return Response(answer.status_code, answer.content, {name.lower(): text for name, text in answer.headers.items()})


def deliver(portal: Portal, fate: Fate = list) -> list[int]:
    """The statuses of everything the stand-ins had to tell by now."""
    return portal.world.mail.deliver(carry, fate)


def all_lost(posts: Sequence[Post]) -> Sequence[Post]:
    return []
