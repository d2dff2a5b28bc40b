"""The stand-ins over real HTTP on their own: for commands while no portal is served, and for tests."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.sandbox.http import Handler, Request, Response, json_response
from integrations.sandbox.world import world_at

log = logging.getLogger(__name__)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def serving(handle: Handler, host: str = "127.0.0.1", port: int = 0, prefix: str = "") -> Iterator[str]:
    """Serves ``handle`` below ``prefix`` until the block ends; yields the address of the mount. Raises OSError."""
    server = _Server((host, port), _handler(handle, prefix))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}{prefix}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(handle: Handler, prefix: str) -> type[BaseHTTPRequestHandler]:
    class StandInHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body go out as two writes

        def _answer(self) -> None:
            answer = self._handled()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _handled(self) -> Response:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = unquote(parts.path)
            if path != prefix and not path.startswith(f"{prefix}/"):
                return json_response(404, {"error": f"the sandbox is served below {prefix}/"})
            request = Request(
                method=self.command,
                path=path.removeprefix(prefix) or "/",
                query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
                base=f"http://{self.headers.get('host')}{prefix}",
            )
            try:
                return handle(request)
            except Exception:
                log.exception("the sandbox failed at %s %s", request.method, request.path)
                return json_response(500, {"error": "the sandbox itself failed; its log says why"})

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            """The stand-ins are quiet."""

        def send_response(self, code: int, message: str | None = None) -> None:
            # The stand-ins send their own Date, by their own clock.
            self.log_request(code)
            self.send_response_only(code, message)

    return StandInHandler


@contextmanager
def running() -> Iterator[None]:
    """Makes sure that the stand-ins answer at SITE_URL: uses the served portal, or serves them for this block."""
    from django.conf import settings  # the rest of the sandbox runs without Django

    parts = urlsplit(settings.SITE_URL)
    host, port = parts.hostname or "localhost", parts.port or 80
    if _is_served(host, port):
        yield
        return
    world = world_at(settings.SANDBOX_FILE)
    with serving(world.handle, "127.0.0.1", port, f"{parts.path.rstrip('/')}/sandbox"):
        yield


def _is_served(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
