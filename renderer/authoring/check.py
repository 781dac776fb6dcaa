"""Try on plugins what they must keep: the laws of effects, and the promises of everything else that they offer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from renderer.effects import Effect
from renderer.errors import LatentreelError, ValueProblem
from renderer.job import Run
from renderer.registry import Registries
from renderer.testing import (
    LAWS,
    Trial,
    check_beat_tracker,
    check_easing,
    check_generator,
    check_signal,
    check_sink,
)
from renderer.timeline.stack import StackedEffect
from renderer.trial import frames

SIDE = 512  # pixels at which the cost is measured
MEASURED = 4  # frames
CHUNK = 32  # frames whose latents are computed together


@dataclass(frozen=True)
class Verdict:
    """Say whether something that a plugin offers keeps a law; `said` is the law, or how it is broken."""

    plugin: str
    thing: str
    law: str
    kept: bool
    said: str


def check_plugins(names: list[str], registries: Registries, tell: Callable[[str], None]) -> Iterator[Verdict]:
    """Yield a verdict for everything that the plugins of these names must keep; tell is told what is being tried."""
    for name in names:
        broken = [one for one in registries.broken if one.name == name]
        for one in broken:
            yield Verdict(name, "plugin", "loads", False, one.error)
        for effect in own(registries.effects, name):
            yield from check_one(name, registries.effects[effect], registries, tell)
        for thing, law in promises(name, registries):
            tell(thing)
            yield tried(name, thing, "promises", law)


def own(table: object, plugin: str) -> list[str]:
    """Return the names that a plugin brought into a table of what plugins offer."""
    return [name for name, who in table.plugins.items() if who == plugin]  # type: ignore[attr-defined]


def promises(plugin: str, registries: Registries) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what a plugin offers beside effects, each with what tries it."""
    for name in own(registries.signals, plugin):
        yield f"signal {name}", partial(check_signal, registries.signals[name], registries=registries)
    for name in own(registries.easings, plugin):
        yield f"easing {name}", partial(check_easing, name, registries.easings[name])
    for name in own(registries.sinks, plugin):
        yield f"output {name}", partial(check_sink, registries.sinks[name])
    for name in own(registries.generators, plugin):
        yield f"generator {name}", partial(check_generator, name, registries.generators[name])
    for name in own(registries.beat_trackers, plugin):
        yield f"beat tracker {name}", partial(check_beat_tracker, name, registries.beat_trackers[name])


def check_one(
    plugin: str, effect: type[Effect], registries: Registries, tell: Callable[[str], None]
) -> Iterator[Verdict]:
    """Yield the verdicts about an effect: the docs, every law on its example, and what a frame of it costs."""
    thing, trial = f"effect {effect.name}", Trial(effect, effect.example, registries=registries)
    yield tried(plugin, thing, "documented", partial(check_documented, effect))
    for law in LAWS:
        name = law.__name__.removeprefix("check_").replace("_", " ")
        tell(f"{thing}: {name}")
        verdict = tried(plugin, thing, name, partial(law, trial), inspect.getdoc(law) or "")
        yield verdict
        if name == "contract" and not verdict.kept:
            return  # all others would say the same
    tell(f"{thing}: cost")
    yield Verdict(plugin, thing, "cost", True, f"{cost(trial) * 1000:.2f} ms a frame at {SIDE}x{SIDE} on this machine")


def tried(plugin: str, thing: str, law: str, check: Callable[[], None], said: str = "") -> Verdict:
    """Return the verdict of a check; whatever it raises is one sentence."""
    try:
        check()
    except (AssertionError, LatentreelError, ValueProblem) as error:
        return Verdict(plugin, thing, law, False, " ".join(str(error).split()))
    except Exception as error:  # a plugin may raise anything, also where no frame is made
        return Verdict(plugin, thing, law, False, f"{thing} failed with {type(error).__name__}: {error}")
    return Verdict(plugin, thing, law, True, said or " ".join((inspect.getdoc(check_of(check)) or "").split("\n")[:1]))


def check_of(check: Callable[[], None]) -> object:
    """Return the function of a check, without its arguments."""
    return check.func if isinstance(check, partial) else check


def check_documented(effect: type[Effect]) -> None:
    """Its first line says what it does, the rest how, and every field has a description."""
    first, *rest = inspect.cleandoc(effect.__doc__ or "").splitlines() or [""]
    assert first.rstrip().endswith((".", ":", ",")), f"the first line of its docstring is no sentence: {first!r}"
    assert any(line.strip() for line in rest), "its docstring ends with the first line; a second says what it computes"
    bare = [name for name, field in effect.model_fields.items() if not (field.description or "").strip()]
    assert not bare, f"field {bare[0]!r} has no description"


def cost(trial: Trial) -> float:
    """Return the seconds that the effect takes for a frame: its fields, `apply`, and its taps and wraps."""
    job = trial.job(run=Run(size=(SIDE, SIDE), batch=1))
    stacked: StackedEffect = trial.stacked(job)[1]
    frames(job, 0, 1)
    stacked.conduct.begin()
    frames(job, CHUNK, CHUNK + MEASURED)
    return stacked.conduct.seconds / (CHUNK if trial.effect.stage == "latent" else MEASURED)
