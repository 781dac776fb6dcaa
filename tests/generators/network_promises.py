"""What every network that opens promises, whichever code its file comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoint_probe import tolerance

from renderer.errors import CheckpointError
from renderer.generators import Generator, convert, load_generator


def close(made: torch.Tensor, expected: dict[str, torch.Tensor], key: str) -> None:
    """Compare an image with the reference within the tolerance of the fixtures."""
    torch.testing.assert_close(made, expected[key], atol=tolerance(expected, expected["img_const"]), rtol=0)


def is_w(made: torch.Tensor, expected: dict[str, torch.Tensor], key: str) -> None:
    """Compare latents with the reference within the tolerance of the fixtures."""
    torch.testing.assert_close(made, expected[key], atol=1e-5 * float(expected["w"].abs().max()), rtol=0)


def same_grey_levels(made: torch.Tensor, grey: torch.Tensor) -> None:
    """Compare images [N, 3, H, W] with bytes [N, H, W, 3] within one step."""
    levels = (made * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    difference = (levels.int() - grey.int()).abs()
    assert int(difference.max()) <= 1
    assert float((difference > 0).float().mean()) < 1e-3


def z_of_seeds(expected: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the z of the seeds of a fixture as the field draws them, [N, z_dim]."""
    width = expected["z"].shape[1]
    rows = [np.random.RandomState(int(seed)).randn(1, width) for seed in expected["seeds"]]
    return torch.from_numpy(np.concatenate(rows))


def some_ws(generator: Generator, count: int) -> torch.Tensor:
    return torch.randn(count, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(3))


def round_trip(path: Path, folder: Path) -> None:
    """Convert a checkpoint: the same config, tensors and pictures, bit by bit, and again the same file."""
    first = load_generator(path)
    convert(path, folder / "a.safetensors")
    second = load_generator(folder / "a.safetensors")
    assert second.config == first.config
    state = second.state_dict()
    assert state.keys() == first.state_dict().keys()
    assert all(torch.equal(value, state[name]) for name, value in first.state_dict().items())
    ws = some_ws(first, 1)
    assert torch.equal(first.synthesis(ws), second.synthesis(ws))
    convert(folder / "a.safetensors", folder / "b.safetensors")
    assert (folder / "a.safetensors").read_bytes() == (folder / "b.safetensors").read_bytes()


def differentiable(generator: Generator) -> None:
    """Every row of ws changes the picture, and gradients are those of finite differences."""
    ws = some_ws(generator, 1).requires_grad_()
    generator.synthesis(ws).square().mean().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=(0, 2)) > 0).all()
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in generator.parameters())


def rows_are_independent(generator: Generator) -> None:
    """A picture does not depend on what else is in its batch."""
    ws = some_ws(generator, 3)
    together = generator.synthesis(ws)
    other = torch.cat([ws[:1] * 3, ws[1:2], ws[2:] - 1])
    assert torch.equal(generator.synthesis(other)[1], together[1])
    alone = generator.synthesis(ws[1:2])
    torch.testing.assert_close(alone, together[1:2], atol=2e-4, rtol=0)


def cut_files_are_refused(path: Path, folder: Path) -> None:
    """A file cut anywhere ends in one sentence."""
    content = path.read_bytes()
    target = folder / "model"
    for part in (0.001, 0.02, 0.3, 0.7, 0.98, 0.9999):
        target.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(CheckpointError) as caught:
            load_generator(target)
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(str(target))
