"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sync_portal.settings")


def keep_what_is_loaded() -> None:
    """All views are loaded, and what is there then is never looked through again for what nobody needs any more.

    It stays as long as the process does, and looking through it held up a page by a tenth of a second now and then.
    """
    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()


application = get_wsgi_application()
keep_what_is_loaded()
