"""What gunicorn loads."""

import gc

from sync_portal import wsgi


def test_what_is_loaded_for_good_is_left_out_of_every_search_for_unused_memory() -> None:
    try:
        wsgi.keep_what_is_loaded()
        assert callable(wsgi.application) and gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
