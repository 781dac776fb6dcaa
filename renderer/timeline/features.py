"""Bind features of the music: what a scene wants to hear becomes a series over the seconds of the film."""

from __future__ import annotations

from renderer.errors import ValueProblem
from renderer.signal_source import Series
from renderer.timeline.expressions import Curve, Scope
from renderer.values.feature import Feature


def heard(feature: Feature, scope: Scope) -> Series:
    """Return the series of a feature.

    Raises ValueProblem for an unknown source, wrong settings, what cannot be heard, and where a loop must close.
    """
    if scope.music is None:
        raise ValueProblem(f"{feature.source} needs a song; write audio: song.mp3")
    if scope.loop is not None:
        raise ValueProblem(
            f"the loop cannot close: {feature.source} follows the music, which ends elsewhere than it began; "
            "write loop: {blend: 1s}"
        )
    return scope.music.series(feature)


def bind_feature(feature: Feature, scope: Scope) -> Curve:
    """Return the function of time of a feature that is one number at a time."""
    series = heard(feature, scope)
    channels = series.columns.shape[1]
    if channels != 1:
        raise ValueProblem(f"{feature.source} gives {channels} numbers at a time; say which, such as {{chroma: C}}")
    return lambda t: series.at(t)[:, 0].astype(t.dtype)
