"""Write the table of outputs for the docs."""

from __future__ import annotations

from collections.abc import Iterable

from renderer.sinks.base import Sink

HEAD = ("File", "Output", "Codec", "Written by", "Alpha", "Sound", "`max_bytes`", "What for")


def table(sinks: Iterable[type[Sink]]) -> str:
    """Return a markdown table with a row for each sink, without a newline at its end."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(_row(sink) for sink in sinks)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(sink: type[Sink]) -> tuple[str, ...]:
    names = sink.written_as or ", ".join(sink.suffixes)
    files = ", ".join(f"`{name}`" for name in names.split(", "))
    can = (sink.supports_alpha, sink.supports_audio, sink.supports_max_bytes)
    yes = ("yes" if able else "no" for able in can)
    return (files, sink.name, sink.codec or "none", sink.writer, *yes, sink.description)
