"""One file over HTTPS: addresses that may be asked, redirects, time limits, and what a failure means.

The standard library does it: one request at a time needs no pool, proxies of the environment and the certificates
of the system are used, and no further package has to be trusted with what comes from outside.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, urljoin, urlsplit

from renderer.errors import CheckpointError

LOCAL = ("127.0.0.1", "localhost", "::1")
CHUNK = 1 << 20
MOVED = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504)
MAX_PAUSE = 60.0


class Retry(Exception):
    """Say what went wrong but may go well the next time; `after` is the pause in seconds that a server asks for."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class RangeRefused(Exception):
    """Say that a server has nothing from the byte on that was asked for."""


@dataclass(frozen=True)
class Limits:
    """Bound a download.

    timeout     seconds without a single byte.
    slow        (seconds, bytes): fewer bytes in so many seconds count as stalled.
    attempts    in a row that gain less than 1 MiB; the pause between them begins at `pause` seconds and doubles.
    redirects   followed at most; max_bytes is the largest file that is taken.
    wait        seconds for another process that downloads the same file.
    """

    timeout: float = 30.0
    slow: tuple[float, int] = (60.0, 60 << 10)
    attempts: int = 5
    pause: float = 1.0
    redirects: int = 8
    max_bytes: int = 8 << 30
    wait: float = 6 * 3600.0


def checked_url(url: str, came_from: str = "") -> str:
    """Return an address that may be asked; raise CheckpointError for every other one.

    It is https, or http on this very machine; a redirect never leads from https to http.
    """
    shown = f"{came_from}: leads to {without_query(url)}" if came_from else without_query(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise CheckpointError(f"{shown}: is no valid address ({error})") from error
    if parts.username is not None:
        raise CheckpointError(f"{shown}: an address with a user name or password in it is not asked")
    if not host:
        raise CheckpointError(f"{shown}: is no valid address, expected https://server/path")
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL and not came_from.startswith("https:")):
        return quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    raise CheckpointError(f"{shown}: models are fetched from https:// addresses only")


def without_query(url: str) -> str:
    """Return an address without what may be secret in it, for messages."""
    return re.sub(r"//[^/]*@", "//...@", url.split("?")[0].split("#")[0])[:200]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[Any] = [_NoRedirects]
    if urlsplit(url).hostname in LOCAL:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def open_url(url: str, headers: Mapping[str, str], limits: Limits) -> http.client.HTTPResponse:
    """Return the answer 200 or 206 to a GET, its body not yet read.

    Raises Retry for what may pass, RangeRefused, and CheckpointError for what will not.
    """
    first = url
    for _ in range(limits.redirects + 1):
        try:
            request = urllib.request.Request(url, headers=dict(headers))
            response: http.client.HTTPResponse = _opener(url).open(request, timeout=limits.timeout)
        except urllib.error.HTTPError as error:
            with error:
                location = error.headers.get("Location")
                if error.code not in MOVED or not location:
                    raise _refusal(first, error) from error
            url = checked_url(urljoin(url, location), url)
        except urllib.error.URLError as error:
            raise _unreachable(first, error.reason) from error
        except (http.client.InvalidURL, UnicodeError) as error:
            raise CheckpointError(f"{without_query(first)}: is no valid address ({error})") from error
        except (OSError, http.client.HTTPException) as error:
            raise Retry(_detail(error)) from error
        else:
            if response.status in (200, 206):
                return response
            with response:
                raise CheckpointError(f"{without_query(first)}: the server answers {response.status} without a file")
    raise CheckpointError(f"{without_query(first)}: redirects more than {limits.redirects} times, perhaps in a circle")


def _refusal(url: str, error: urllib.error.HTTPError) -> Exception:
    """Return what an answer other than success means."""
    name, code = without_query(url), error.code
    if code == 416:
        return RangeRefused()
    if code in PASSING:
        asked = error.headers.get("Retry-After") or ""
        return Retry(f"the server answers {code}", float(asked[:6]) if asked.isdigit() else 0.0)
    if code in (404, 410):
        return CheckpointError(f"{name}: the server has no such file ({code})")
    if code in (401, 403):
        return CheckpointError(
            f"{name}: the server does not give it to everybody ({code});"
            " download it with a browser and use the path of the file"
        )
    return CheckpointError(f"{name}: the server answers {code}")


def _unreachable(url: str, reason: object) -> Exception:
    """Return what it means that no answer came."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return CheckpointError(f"{without_query(url)}: the server's certificate is not valid: {reason.verify_message}")
    if isinstance(reason, socket.gaierror) and reason.errno != socket.EAI_AGAIN:
        return CheckpointError(f"{without_query(url)}: the server cannot be found; is this machine online?")
    return Retry(_detail(reason))


def _detail(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "the server does not answer"
    if isinstance(reason, http.client.HTTPException):
        return "the server's answer is no HTTP"
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)


def read_body(response: IO[bytes], length: int | None, limits: Limits) -> Iterator[bytes]:
    """Yield what comes until `length` bytes are there, or to the end.

    Raises Retry where the connection breaks, stalls, or is far too slow.
    """
    left = length
    seconds, least = limits.slow
    since, came = time.monotonic(), 0
    while left is None or left > 0:
        try:
            data = response.read1(CHUNK if left is None else min(CHUNK, left))  # type: ignore[attr-defined]
        except TimeoutError as error:
            raise Retry(f"nothing came for {limits.timeout:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise Retry("the connection broke") from error
        if not data:
            return
        left = None if left is None else left - len(data)
        came += len(data)
        yield data
        now = time.monotonic()
        if now - since > seconds:
            if came < least:
                raise Retry(f"only {came} bytes came in {seconds:g} s")
            since, came = now, 0
