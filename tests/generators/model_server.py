"""A server on this machine that serves one model in every way that servers get wrong."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answer as the next behaviour of the server says; the last one stays."""

    server: ModelServer

    def do_GET(self) -> None:
        self.server.seen.append({"path": self.path, **{key.lower(): value for key, value in self.headers.items()}})
        behaviours = self.server.behaviours
        behave = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        with suppress(BrokenPipeError, ConnectionResetError):  # a client may hang up
            behave(self)

    def log_message(self, *_: object) -> None:
        pass

    def tell(self, status: int, headers: dict[str, object], body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body)


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.seen = content, list[dict[str, str]]()
        self.behaviours: list[Callable[[Handler], None]] = [serve()]
        self.url = f"http://127.0.0.1:{self.server_port}/files/ffhq.pkl"

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content).hexdigest()}"'

    @property
    def ranges(self) -> list[str | None]:
        return [request.get("range") for request in self.seen]


@contextmanager
def serving(content: bytes) -> Iterator[ModelServer]:
    server = ModelServer(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(
    stop: int | None = None,
    *,
    stall: float = 0,
    drip: float = 0,
    length: int | None = 0,
    ranges: bool = True,
    obey_if_range: bool = True,
    etag: str | None = None,
    dated: bool = False,
    headers: dict[str, object] | None = None,
) -> Callable[[Handler], None]:
    """Serve the content; break off after `stop` bytes, stall, drip byte by byte, or lie about the length by `length`.

    length None leaves the header out; `etag` "" does without one.
    """

    def behave(handler: Handler) -> None:
        content, tag = handler.server.content, handler.server.etag if etag is None else etag
        start, status = 0, 200
        asked = handler.headers.get("Range")
        current = not obey_if_range or handler.headers.get("If-Range") in (tag, DATE if dated else tag)
        if ranges and asked and current:
            start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
            if start >= len(content):
                return handler.tell(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": 0})
        body = content[start:]
        told: dict[str, object] = {"ETag": tag} if tag else {}
        told |= {"Last-Modified": DATE} if dated else {}
        told |= {} if length is None else {"Content-Length": len(body) + length}
        told |= {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if status == 206 else {}
        handler.tell(status, {"Content-Type": "application/octet-stream", **told, **(headers or {})})
        if drip:
            for byte in body:
                handler.wfile.write(bytes([byte]))
                time.sleep(drip)
        handler.wfile.write(body if stop is None else body[:stop])
        if stall:
            handler.wfile.flush()
            time.sleep(stall)
        return None

    return behave


DATE = "Tue, 05 Jan 2021 08:00:00 GMT"


def status(code: int, **headers: object) -> Callable[[Handler], None]:
    return lambda handler: handler.tell(code, {"Content-Length": 0, **headers})


def page(handler: Handler) -> None:
    body = b"<!DOCTYPE html><html><body>Please log in</body></html>" * 20
    handler.tell(200, {"Content-Type": "text/html; charset=utf-8", "Content-Length": len(body)}, body)


def moved(target: str, code: int = 302) -> Callable[[Handler], None]:
    return status(code, Location=target)
