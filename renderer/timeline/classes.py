"""The classes of a film: the label of each, how much of it there is over time, and what lies between two of them.

Between two classes w is interpolated, not the label: the stack is evaluated once for each class, and the ws are mixed.
A mapping network has only ever been given labels of one class. What it makes of half of one and half of another is
undefined (StyleGAN2 scales the sum up to full length again, StyleGAN-XL looks up one class and would jump), while w
is the space that it was trained to make smooth.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from renderer.errors import SceneError
from renderer.generators.base import Generator
from renderer.latents import Latents
from renderer.timeline.expressions import Curve
from renderer.timeline.plan import Plan


def class_tracks(plan: Plan, generator: Generator) -> list[tuple[Tensor | None, Curve]]:
    """Return the label [1, c_dim] of each class of a film, or None for an unconditional generator, and its share.

    Raises SceneError for classes that the generator does not have.
    """
    problems = []
    for number, key in plan.scene.class_.numbers.items():
        if number >= max(generator.c_dim, 1):
            has = f"classes 0 to {generator.c_dim - 1}" if generator.c_dim else "no classes"
            path = ("class",) if key is None else ("class", key)
            problems.append(plan.scene.tree.problem(path, f"this generator has {has}, got {number}"))
    if problems:
        raise SceneError(problems)
    return [(label(number, generator), share) for number, share in plan.classes.items()]


def label(number: int, generator: Generator) -> Tensor | None:
    """Return the label [1, c_dim] of a class, or None for an unconditional generator."""
    if not generator.c_dim:
        return None
    one = torch.zeros(1, generator.c_dim, device=generator.device)
    one[0, number] = 1
    return one


def mixed(parts: Sequence[Latents], shares: Sequence[Tensor]) -> Latents:
    """Return the sum of latents times their shares, each float32 [N]; exactly one of them where its share is 1.

    There is no z, since a frame between two classes is of no single one. What has no share adds zero, so that it does
    not matter to a frame which classes the others in its batch are of.
    """
    ws, psi = torch.zeros_like(parts[0].ws), torch.zeros_like(parts[0].psi)
    c = None if parts[0].c is None else torch.zeros_like(parts[0].c)
    for part, share in zip(parts, shares, strict=True):
        ws = ws + part.ws * share[:, None, None]
        psi = psi + part.psi * share
        c = None if c is None or part.c is None else c + part.c * share[:, None]
    return parts[0].replace(ws=ws, psi=psi, c=c, z=None)
