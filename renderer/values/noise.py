"""The noise maps of a generator as scenes write them: a word, or a map such as {seed: 5} or {loop: 2s}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from renderer.errors import Gather, ValueProblem, nearest
from renderer.values.latent import MAX_SEED
from renderer.values.parsed import Parsed, is_whole, show
from renderer.values.time import Time

Word = Literal["const", "none", "random"]
WORDS: tuple[Word, ...] = ("const", "none", "random")
OPTIONS = ("seed", "loop")
EXPECTED_NOISE = "const, none, random, {seed: 5} or {loop: 2s}"


@dataclass(frozen=True)
class Noise(Parsed):
    """Hold what the noise maps are.

    kind is `const` for the generator's own, `none`, `random` for new ones in every frame, `seed` for ones drawn once,
    and `loop` for ones that change all the time and are back after a period.
    """

    written: Any
    kind: Literal["const", "none", "random", "seed", "loop"]
    seed: int | None = None
    loop: Time | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"enum": list(WORDS)},
            {
                "type": "object",
                "properties": {
                    "seed": {"type": "integer", "minimum": 0, "description": "Draw the maps from this seed"},
                    "loop": {**Time.json_schema, "description": "Let the maps change, and be back after this time"},
                },
                "minProperties": 1,
                "additionalProperties": False,
            },
        ],
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the noise of const, none, random, {seed: 5} or {loop: 2s, seed: 5}."""
        if isinstance(written, dict) and written:
            gather = Gather()
            gather.unknown(written, OPTIONS, "option of noise")
            seed, loop = gather.part(written, "seed", _seed), gather.part(written, "loop", Time.parse)
            gather.check()
            return cls(written, "seed" if loop is None else "loop", seed, loop)
        if not isinstance(written, str) or written not in WORDS:
            hint = nearest(written, WORDS) if isinstance(written, str) else ""
            raise ValueProblem(f"expected {EXPECTED_NOISE}, got {show(written)}{hint}")
        return cls(written, written)


def _seed(written: Any) -> int:
    if not is_whole(written) or not 0 <= written <= MAX_SEED:
        raise ValueProblem(f"expected a seed, a whole number from 0 to {MAX_SEED}, got {show(written)}")
    return written
