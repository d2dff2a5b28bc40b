"""What has to hold of the queue's settings; a start with others is refused."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.tasks import SLICE_S


@register()
def queue_gives_work_its_time(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """A task may not be cut off within its slice, nor given to a second worker while the first may still be at it."""
    queue: dict[str, Any] = settings.Q_CLUSTER
    timeout, retry = queue.get("timeout") or 0, queue.get("retry") or 0
    rules = {
        f"timeout ({timeout} s) must be at least twice a slice of {SLICE_S:.0f} s": timeout >= 2 * SLICE_S,
        f"retry ({retry} s) must be at least three times timeout and a minute": retry >= 3 * timeout + 60,
        "bulk and queue_limit must be 1": queue.get("bulk") == queue.get("queue_limit") == 1,
        "ack_failures must be on and catch_up off": bool(queue.get("ack_failures")) and not queue.get("catch_up", True),
        "orm must name the portal's database": queue.get("orm") == "default",
    }
    return [Error(f"Q_CLUSTER: {rule}.", id="portal.E001") for rule, holds in rules.items() if not holds]
