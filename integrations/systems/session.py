"""The requests sessions that everything here is sent with, and what their failures mean."""

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from integrations.core.errors import Garbled, RemoteError, Trace, Unreachable
from integrations.systems.decipher import NAMES

TIMEOUT_S = (5, 30)  # to connect, and between two bytes of the answer


def new_session() -> requests.Session:
    """A session that keeps no cookies and never repeats a request by itself."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=4, max_retries=0))
    session.headers["User-Agent"] = "sync-portal"
    return session


def lost(error: requests.RequestException, trace: Trace) -> RemoteError:
    """Unreachable where certainly no connection was made, else Garbled."""
    name = NAMES[trace.system]
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or _never_connected(error):
        return Unreachable(f"{name} could not be reached", trace)
    if isinstance(error, requests.Timeout):
        return Garbled(f"{name} did not answer in time", trace)
    return Garbled(f"the connection to {name} broke off ({type(error).__name__})", trace)


def _never_connected(error: requests.RequestException) -> bool:
    """Refused, no route, or no such name: urllib3 says so in the reason it gave up for."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)
