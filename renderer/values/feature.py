"""A feature of the music as scenes write it: the name of a source, its settings, and how it is shaped."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from renderer.errors import KEY, Gather, ValueProblem, expected
from renderer.values.parsed import Parsed, show
from renderer.values.shape import WORDS, Shape

EXAMPLE = "{onset: kick, release: 250ms}"


@dataclass(frozen=True)
class Feature(Parsed):
    """Hold what is heard: the source called `source` with its settings as written, shaped.

    The timeline looks the source up and checks the settings, which only it knows.
    """

    written: Any
    source: str
    settings: Any = None
    shape: Shape = field(default_factory=Shape)

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["string", "object"],
        "description": f"A feature of the music: rms, or {EXAMPLE}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the feature of a name, or of a map of one name and steps of shaping."""
        if isinstance(written, str) and written.strip():
            return cls(written, written.strip())
        if not isinstance(written, dict) or not written:
            raise ValueProblem(f"expected a feature of the music such as rms or {EXAMPLE}, got {show(written)}")
        gather, names = Gather(), [key for key in written if key not in WORDS]
        if not names:
            gather.note(f"expected the name of a signal beside {', '.join(map(str, written))}, such as {EXAMPLE}")
        for name in names[1:]:
            hint = expected(str(name), WORDS)
            gather.note(f"{show(name)} beside {show(names[0])} is no step of shaping{hint}", name, KEY)
        shape = Shape()
        with gather.below():
            shape = Shape.parse({key: value for key, value in written.items() if key in WORDS})
        gather.check()
        return cls(written, str(names[0]), written[names[0]], shape)


def is_feature(written: Any, sources: Collection[str]) -> bool:
    """Say whether what stands below `signals:` is a feature and not keyframes: it names a source, or shapes one."""
    return isinstance(written, dict) and any(key in sources or key in WORDS for key in written)
