"""Where the fixtures are."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"
PACKS = FIXTURES / "packs"
