"""The stack: its order holds, entries are faded, and what is faded keeps a z only where it has one."""

from __future__ import annotations

import copy

import pytest
import torch

from renderer.job import Job
from renderer.latents import Latents, lerp, slerp, truncate
from renderer.testing import Trial
from renderer.timeline.stack import fade
from tests.laws.law_cases import EFFECTS


def job(timeline, **head) -> Job:
    return Trial(EFFECTS["walk"], timeline, head).job()


def test_stack_order_holds():
    sweep, ramp = "- direction-sweep: {direction: hue, amount: 2}", "- psi-ramp: {psi: 0.5}"
    above, below, plain = (
        job(f"- walk: {{keys: 3}}\n{stack}").timeline.at(0.0).ws
        for stack in (f"{ramp}\n{sweep}", f"{sweep}\n{ramp}", ramp)
    )
    moved = job("- walk: {keys: 3}").timeline.generator.directions["hue"]
    torch.testing.assert_close(above - plain, 2 * moved[None], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(below - plain, moved[None], atol=1e-4, rtol=1e-4)


def test_a_source_replaces_what_stands_above_it():
    assert torch.equal(
        job("- walk: {keys: 14}\n- jitter: {}\n- walk: {keys: 3}").timeline.at(0.4).ws,
        job("- walk: {keys: 3}").timeline.at(0.4).ws,
    )


def test_a_source_fades_over_another():
    first, second = (job(f"- walk: {{keys: {seed}}}").timeline.at(0.0).ws for seed in (3, 14))
    both = job("- walk: {keys: 3}\n- walk: {keys: 14}\n  from: 0.5s\n  fade: 1s").timeline.at([0.2, 1.0, 1.6]).ws
    torch.testing.assert_close(both, torch.cat([first, (first + second) / 2, second]))


@pytest.mark.parametrize("times", [[0.2], [1.0], [1.6], [0.2, 1.0, 1.6]])
def test_z_fades_where_both_have_one(times):
    timeline = job("- walk: {keys: 3, space: z}\n- circle: {}\n  from: 0.5s\n  fade: 1s").timeline
    above = copy.copy(timeline)
    above.stack = timeline.stack[:1]
    assert above.at(times).z is not None
    assert timeline.at(times).z is not None
    assert timeline.at(times).z.shape == (len(times), 64)


def latents(count, with_z=True):
    ws, z = torch.randn(count, 14, 64), torch.randn(count, 64)
    return Latents(ws, torch.ones(count), z=z if with_z else None)


def test_fading_latents():
    x, y = latents(3), latents(3).replace(psi=torch.zeros(3))
    faded = fade(x, y, torch.tensor([0.0, 0.5, 1.0]))
    for name in ("ws", "z", "psi"):
        a, b, c = (getattr(one, name) for one in (x, y, faded))
        assert torch.equal(c[0], a[0])
        assert torch.equal(c[2], b[2])
        torch.testing.assert_close(c[1], (a[1] + b[1]) / 2)
    assert fade(x, latents(3, with_z=False), torch.tensor([0.0, 0.5, 1.0])).z is None
    assert fade(x, y, torch.ones(3)) is y


def test_interpolations_end_exactly():
    a, b = torch.randn(2, 5, 64)
    for function in (lerp, slerp):
        assert torch.equal(function(a, b, torch.tensor(0.0)), a)
        assert torch.equal(function(a, b, torch.tensor(1.0)), b)
    assert torch.equal(slerp(a, a, torch.tensor(0.3)), a)
    half = slerp(a, 3 * b, torch.tensor(0.5))
    torch.testing.assert_close(half.norm(dim=-1), (a.norm(dim=-1) + 3 * b.norm(dim=-1)) / 2)
    assert slerp(a, torch.zeros(5, 64), torch.tensor(0.25)).isfinite().all()
    beyond = slerp(torch.eye(2)[:1], torch.eye(2)[1:], torch.tensor(1.5))
    torch.testing.assert_close(beyond, torch.tensor([[-1.0, 1.0]]) / 2**0.5)


def test_truncation():
    ws, center = torch.randn(2, 14, 64), torch.randn(64)
    assert torch.equal(truncate(ws, center, 1.0), ws)
    assert torch.equal(truncate(ws, center, 0.0), center.expand_as(ws))
    psi = torch.tensor([0.5, 1.0])
    some = truncate(ws, center, psi, 4)
    torch.testing.assert_close(some[0, :4], center + 0.5 * (ws[0, :4] - center))
    assert torch.equal(some[0, 4:], ws[0, 4:])
    assert torch.equal(some[1], ws[1])
