"""Where downloaded models lie, and what is written down about each so that it stays the same file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from renderer.errors import CheckpointError, expected
from renderer.generators.transport import checked_url, without_query
from renderer.generators.zoo import zoo

SHA256 = re.compile(r"[0-9a-f]{64}")


def cache_folder() -> Path:
    """Return the folder of downloaded models: that of LATENTREEL_CACHE, or the one that the system has for caches."""
    given = os.environ.get("LATENTREEL_CACHE")
    return (Path(given).expanduser() if given else platformdirs.user_cache_path("latentreel")) / "models"


def offline() -> bool:
    """Tell whether LATENTREEL_OFFLINE forbids downloads."""
    return os.environ.get("LATENTREEL_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


def is_url(text: object) -> bool:
    """Tell an address from a path or a name."""
    return isinstance(text, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


class Record(BaseModel):
    """Hold what is known of a file that was downloaded, or of the part of it that is there.

    validator is the ETag or date by which the server tells one version from another; sha256 and changed (the
    file's time of change in ns) are those of a complete file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: str
    length: int | None = None
    validator: str = ""
    sha256: str = ""
    changed: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what a file says, or None where there is none; raise CheckpointError for one that is damaged."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise CheckpointError(f"{path}: is damaged; delete it and try again") from error

    def write(self, path: Path) -> None:
        """Write it down, all at once."""
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        part.replace(path)


@dataclass(frozen=True)
class Remote:
    """Hold a model that can be fetched: how the user calls it, its address, and its SHA-256 where it is known."""

    name: str
    url: str
    sha256: str = ""

    @classmethod
    def find(cls, name_or_url: str) -> Self:
        """Return the model of a zoo name or an address, which may end in #sha256=...; raise CheckpointError if none."""
        if not is_url(name_or_url):
            if (model := zoo().get(name_or_url)) is None:
                raise CheckpointError(f"{name_or_url}: no model is called so{expected(name_or_url, zoo())}")
            return cls(model.name, model.url, model.sha256 or "")
        url, _, fragment = name_or_url.partition("#")
        key, _, wanted = fragment.partition("=")
        if fragment and (key != "sha256" or not SHA256.fullmatch(wanted.lower())):
            raise CheckpointError(
                f"{without_query(url)}: expected #sha256= and 64 hexadecimal digits after the address"
            )
        return cls(without_query(url), checked_url(url), wanted.lower())

    @property
    def file(self) -> Path:
        """Return where the file lies once it is fetched: named after its address, one name for each."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", unquote(urlsplit(self.url).path.rpartition("/")[2])).lstrip(".")[-80:]
        stem, dot, suffix = (name or "model").rpartition(".")
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:12]
        return cache_folder() / (f"{stem}-{digest}.{suffix}" if dot else f"{suffix}-{digest}")

    def beside(self, suffix: str) -> Path:
        """Return a file beside it: .json (its record), .part, .part.json and .lock."""
        return self.file.with_name(self.file.name + suffix)

    @property
    def held(self) -> tuple[int, int | None]:
        """Return how many bytes are there, and of how many; equal for a complete file, (0, None) for none."""
        with storing(self.file):
            if self.file.is_file():
                size = self.file.stat().st_size
                return size, size
            part = self.beside(".part")
            if not part.is_file():
                return 0, None
            known = Record.read(self.beside(".part.json"))
            return part.stat().st_size, known.length if known else None

    def whole(self) -> Path | None:
        """Return the path of the complete file if it is there.

        Raises CheckpointError where it is not the file that was downloaded, or not the one that was asked for.
        """
        with storing(self.file):
            if not self.file.is_file():
                return None
            state, known = self.file.stat(), Record.read(self.beside(".json"))
            if known is None or (known.length, known.changed) != (state.st_size, state.st_mtime_ns):
                digest = sha256_of(self.file)
                if known is not None and digest != known.sha256:
                    raise CheckpointError(
                        f"{self.file}: has changed since it was downloaded from {self.name}"
                        f" (sha256 {known.sha256[:12]}... then, {digest[:12]}... now); delete it to fetch it again"
                    )
                validator = known.validator if known else ""
                known = Record(
                    url=self.url, length=state.st_size, validator=validator, sha256=digest, changed=state.st_mtime_ns
                )
                known.write(self.beside(".json"))
            if self.sha256 and known.sha256 != self.sha256:
                raise self.mismatch(known.sha256, f"delete {self.file} to fetch it again")
            return self.file

    def mismatch(self, found: str, advice: str) -> CheckpointError:
        """Return the error about a file that is not the one that its hash promises."""
        both = f"sha256 {found[:12]}..., expected {self.sha256[:12]}..."
        return CheckpointError(f"{self.name}: is not the file it should be ({both}); {advice}")


@contextmanager
def storing(file: Path) -> Iterator[None]:
    """Turn an error of the file system into one sentence."""
    try:
        yield
    except OSError as error:
        where = error.filename or file.parent
        raise CheckpointError(f"{where}: the model cannot be stored here: {error.strerror or error}") from error


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
