"""From an address, or a name of the zoo, to a complete file in the cache: resumed, verified, never half there."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path

import filelock

from renderer import __version__
from renderer.errors import CheckpointError
from renderer.generators.cache import Record, Remote, cache_folder, offline, sha256_of, storing
from renderer.generators.safe_pickle import not_a_checkpoint
from renderer.generators.torch_streams import LEGACY_HEAD
from renderer.generators.transport import MAX_PAUSE, Limits, RangeRefused, Retry, open_url, read_body

Progress = Callable[[int, int | None], None]  # called with the bytes that are there, and how many it will be
HEAD, GAIN = 512, 1 << 20  # bytes


def fetch(name_or_url: str, *, progress: Progress | None = None, limits: Limits | None = None) -> Path:
    """Return the path of a model in the cache, which is downloaded first if it is not there.

    A break is resumed, now or by the next call. Where no SHA-256 is known, that of the first download is written
    down, and a later download or a changed file that differs from it is refused.
    Raises CheckpointError, of one sentence, whatever goes wrong.
    """
    remote, limits = Remote.find(name_or_url), limits or Limits()
    if (there := remote.whole()) is not None:
        return there
    if offline():
        raise CheckpointError(f"{remote.name}: is not in the cache ({cache_folder()}), and LATENTREEL_OFFLINE is set")
    with storing(remote.file):
        remote.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(remote.beside(".lock"), timeout=limits.wait):
                return remote.whole() or _Download(remote, limits, progress).run()
        except filelock.Timeout as error:
            raise CheckpointError(f"{remote.name}: another process is still downloading it") from error


class _Download:
    """Bring one file into the cache; nobody else writes its part meanwhile."""

    def __init__(self, remote: Remote, limits: Limits, progress: Progress | None) -> None:
        self.remote, self.limits = remote, limits
        self.progress = progress or (lambda done, total: None)
        self.part, self.notes = remote.beside(".part"), remote.beside(".part.json")

    def run(self) -> Path:
        """Return the path of the complete file."""
        failures, pause = 0, self.limits.pause
        while True:
            before = self.size()
            try:
                self.attempt()
                return self.finish()
            except Retry as problem:
                if self.size() - before >= GAIN:
                    failures, pause = 0, self.limits.pause
                failures += 1
                if failures >= self.limits.attempts:
                    kept = f"; {self.size()} bytes are kept, and the next try goes on from there" if self.size() else ""
                    raise CheckpointError(f"{self.remote.name}: cannot be downloaded: {problem}{kept}") from problem
                time.sleep(min(max(pause, problem.after), MAX_PAUSE))
                pause *= 2

    def size(self) -> int:
        """Return how many bytes are there."""
        return self.part.stat().st_size if self.part.exists() else 0

    def forget(self) -> None:
        """Begin again from nothing."""
        self.part.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)

    def attempt(self) -> None:
        """Ask for what is missing and append it; raise Retry where it is not all there afterwards."""
        known = Record.read(self.notes)
        if known is None or known.url != self.remote.url or not known.validator:
            self.forget()
            known = None
        if known is not None and known.length is not None and self.size() == known.length:
            return
        headers = {"User-Agent": f"latentreel/{__version__}", "Accept-Encoding": "identity"}
        if known is not None and self.size():
            headers |= {"Range": f"bytes={self.size()}-", "If-Range": known.validator}
        try:
            with open_url(self.remote.url, headers, self.limits) as response:
                self.receive(response, known)
        except RangeRefused as error:
            self.forget()
            raise Retry("the server has another file now") from error

    def receive(self, response: HTTPResponse, known: Record | None) -> None:
        """Write the body of an answer: behind what is there if it goes on from there, else from the start."""
        if response.status == 206:
            start, total = content_range(response)
            total = known.length if known and total is None else total
            same = known is not None and (total, start) == (known.length or total, self.size())
            if known is None or not same or validator_of(response) not in ("", known.validator):
                self.forget()
                raise Retry("the server went on with another file")
        else:
            self.forget()
            start, total = 0, content_length(response)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise CheckpointError(f"{self.remote.name}: the server sends it compressed, which was not asked for")
        self.check_room(start, total)
        if not start:
            Record(url=self.remote.url, length=total, validator=validator_of(response)).write(self.notes)
        self.progress(start, total)
        with self.part.open("ab") as stream:
            done, checked = start, start >= HEAD
            for data in read_body(response, None if total is None else total - start, self.limits):
                stream.write(data)
                done += len(data)
                if done > self.limits.max_bytes:
                    raise self.too_large(f"more than {done}")
                if not checked and done >= HEAD:
                    stream.flush()
                    self.check_head(response)
                    checked = True
                self.progress(done, total)
        if not checked:
            self.check_head(response)
        if total is not None and done < total:
            raise Retry(f"the connection ended after {done} of {total} bytes")

    def check_room(self, start: int, total: int | None) -> None:
        """Raise CheckpointError for a file that is too large for a model or for the disk."""
        if total is not None and total > self.limits.max_bytes:
            raise self.too_large(str(total))
        free = shutil.disk_usage(self.part.parent).free
        if total is not None and total - start > free:
            raise CheckpointError(
                f"{self.remote.name}: needs {total - start} bytes more, but only {free} are free at {self.part.parent}"
            )

    def too_large(self, size: str) -> CheckpointError:
        """Return the error about a file beyond all bounds, and keep nothing of it."""
        self.forget()
        return CheckpointError(
            f"{self.remote.name}: has {size} bytes, more than the {self.limits.max_bytes} that a model may have"
        )

    def check_head(self, response: HTTPResponse) -> None:
        """Raise CheckpointError where the first bytes are those of something else, such as a page for logging in."""
        with self.part.open("rb") as stream:
            head = stream.read(HEAD)
        problem = not_a_checkpoint(head)
        if problem is None or head[8:9] == b"{":
            return
        self.forget()
        if head.lstrip()[:1] == b"<" or response.headers.get_content_type() == "text/html":
            problem = (
                "the server sends a web page, not a model; download it with a browser and use the path of the file"
            )
        raise CheckpointError(f"{self.remote.name}: {problem}")

    def finish(self) -> Path:
        """Verify the complete part, write down what it is, and give it its final name."""
        if problem := cut_short(self.part):
            self.forget()
            raise CheckpointError(f"{self.remote.name}: {problem}")
        digest, earlier = sha256_of(self.part), Record.read(self.remote.beside(".json"))
        if self.remote.sha256 and digest != self.remote.sha256:
            self.forget()
            raise self.remote.mismatch(digest, "it was not kept")
        if earlier is not None and earlier.sha256 != digest and not self.remote.sha256:
            self.forget()
            raise CheckpointError(
                f"{self.remote.name}: is another file than the one first downloaded (sha256 {earlier.sha256[:12]}..."
                f" then, {digest[:12]}... now); if you trust it, delete {self.remote.beside('.json')} and try again"
            )
        with self.part.open("r+b") as stream:
            os.fsync(stream.fileno())
        state, known = self.part.stat(), Record.read(self.notes)
        Record(
            url=self.remote.url,
            length=state.st_size,
            validator=known.validator if known else "",
            sha256=digest,
            changed=state.st_mtime_ns,
        ).write(self.remote.beside(".json"))
        self.part.replace(self.remote.file)
        self.notes.unlink(missing_ok=True)
        return self.remote.file


def validator_of(response: HTTPResponse) -> str:
    """Return what tells this version of a file from another: a strong ETag, else the date of its last change."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def content_length(response: HTTPResponse) -> int | None:
    """Return the announced length, None where there is none."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and len(length) < 19 else None


def content_range(response: HTTPResponse) -> tuple[int, int | None]:
    """Return the first byte of a part and the length of the whole; (-1, None) where the answer does not say."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes" or not first.isdigit() or len(rest) > 60:
        return -1, None
    return int(first), int(total) if total.isdigit() else None


def cut_short(file: Path) -> str | None:
    """Return what shows that a file is not complete although the server said so, None where nothing does."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(32)
        stream.seek(max(0, size - (1 << 16)))
        tail = stream.read()
    if head.startswith(b"PK"):
        broken = b"PK\x05\x06" not in tail
    elif head[:1] == b"\x80" and LEGACY_HEAD not in head:
        broken = not tail.endswith(b".")
    else:
        broken = head[8:9] == b"{" and int.from_bytes(head[:8], "little") + 8 > size
    return f"is not complete, although the server says so ({size} bytes came)" if broken else None
