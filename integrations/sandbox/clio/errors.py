"""Refusals of the API, each with its status and Clio's error envelope."""

from integrations.sandbox.http import Response, json_response

_COMMON = {
    400: "BadRequest",
    403: "ForbiddenError",
    404: "RecordNotFound",
    410: "VersionNotSupported",
    412: "PreconditionFailed",
    422: "ArgumentError",
    429: "RateLimited",
}
# Another spelling Clio may use; only InvalidFields, ArgumentError and ForbiddenError are known names.
_PLAIN = {
    400: "Bad Request",
    403: "ForbiddenError",
    404: "NotFound",
    410: "Gone",
    412: "StaleObject",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
}


class Refusal(Exception):
    """An answer other than success. ``type`` overrides the usual name for the status."""

    def __init__(self, status: int, message: str, type: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.headers = headers or {}

    def response(self, names: str) -> Response:
        table = _PLAIN if names == "plain" else _COMMON
        name = self.type or table[self.status]
        return json_response(self.status, {"error": {"type": name, "message": self.message}}, self.headers)


class Unauthenticated(Exception):
    """The access token is missing, unknown, expired or revoked: the one answer with ``error`` as a string."""

    def response(self) -> Response:
        body = {"error": "invalid_token", "error_description": "The access token is invalid, expired or revoked"}
        return json_response(401, body, {"www-authenticate": 'Bearer error="invalid_token"'})
