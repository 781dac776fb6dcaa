"""The encoder of encoder4editing and pSp: an IR-SE50 body, and a small head for each row of ws.

Source: Tov et al. 2021, *Designing an Encoder for StyleGAN Image Manipulation*; Richardson et al. 2021, *Encoding in
Style*; the body is that of Deng et al. 2019, *ArcFace*. Names of tensors are those of their files.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, interpolate, linear

from renderer.generators.checkpoint import Contents, filled
from renderer.generators.e4e import part
from renderer.generators.layout import count
from renderer.generators.pickle_machine import Damage, Refusal
from renderer.inversion.encoder import Encoder

HALVING = (0, 3, 7, 21)  # blocks of the body that begin a stage and halve the picture
FINE, MIDDLE, COARSE = 6, 20, 23  # blocks after which features are taken, of 1/4, 1/8 and 1/16 of the picture
BLOCKS = 24
FIRST_MIDDLE, FIRST_FINE = 3, 7  # rows of ws from which on finer features are looked at
PROGRESSIVE = {"Encoder4Editing": True, "GradualStyleEncoder": False}  # whether rows are offsets from the first
SLOPE = 0.01  # of the leaky ReLU in heads


class Norm(nn.Module):
    """Normalise channels by the mean and variance of the training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(width)), nn.Parameter(torch.empty(width))
        self.register_buffer("running_mean", torch.empty(width))
        self.register_buffer("running_var", torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return features [N, width, H, W], normalised."""
        return batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias)  # type: ignore[arg-type]


class Attention(nn.Module):
    """Weigh channels by what they hold on average: squeeze and excitation."""

    def __init__(self, depth: int, inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(depth, inner, 1, bias=False)
        self.fc2 = nn.Conv2d(inner, depth, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return features [N, C, H, W], weighed."""
        weights: Tensor = self.fc2(self.fc1(x.mean(dim=(2, 3), keepdim=True)).relu())
        return x * weights.sigmoid()


class Block(nn.Module):
    """Add to its input what two convolutions say, as one block of IR-SE50."""

    def __init__(self, width: int, depth: int, inner: int, stride: int, *, shortcut: bool) -> None:
        super().__init__()
        self.stride = stride
        self.res_layer = nn.Sequential(
            Norm(width),
            nn.Conv2d(width, depth, 3, 1, 1, bias=False),
            nn.PReLU(depth),
            nn.Conv2d(depth, depth, 3, stride, 1, bias=False),
            Norm(depth),
            Attention(depth, inner),
        )
        self.shortcut_layer = None
        if shortcut:
            self.shortcut_layer = nn.Sequential(nn.Conv2d(width, depth, 1, stride, bias=False), Norm(depth))

    def forward(self, x: Tensor) -> Tensor:
        """Return features [N, depth, H / stride, W / stride] of [N, width, H, W]."""
        kept = x[:, :, :: self.stride, :: self.stride] if self.shortcut_layer is None else self.shortcut_layer(x)
        return kept + self.res_layer(x)  # type: ignore[no-any-return]


class Equalized(nn.Module):
    """Multiply by a matrix that is stored larger by the square root of its inputs."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(depth, width))
        self.bias = nn.Parameter(torch.empty(depth))

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, depth] of [N, width]."""
        return linear(x, self.weight * self.weight.shape[1] ** -0.5, self.bias)


class Head(nn.Module):
    """Halve features to one pixel and give a row of ws."""

    def __init__(self, widths: list[int], w_dim: int) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        for width, depth in pairwise(widths):
            steps += [nn.Conv2d(width, depth, 3, 2, 1), nn.LeakyReLU(SLOPE)]
        self.convs = nn.Sequential(*steps)
        self.linear = Equalized(widths[-1], w_dim)

    def forward(self, features: Tensor) -> Tensor:
        """Return a row [N, w_dim] of features [N, C, H, W]."""
        return self.linear(self.convs(features).flatten(1))  # type: ignore[no-any-return]


class E4E(Encoder):
    """Encode faces as encoder4editing does: the first row of ws from coarse features, the others as offsets from it."""

    image_size = 256
    latent_avg: Tensor

    def __init__(self, contents: Contents) -> None:
        """Build the network that the shapes in a file describe; raise Damage where they are no such network."""
        super().__init__()
        self.progressive = True
        first = contents.shape("input_layer.0.weight", 4)
        self.input_layer = nn.Sequential(
            nn.Conv2d(first[1], first[0], 3, 1, 1, bias=False), Norm(first[0]), nn.PReLU(first[0])
        )
        self.body = nn.ModuleList(_block(contents, index) for index in range(BLOCKS))
        self.styles = nn.ModuleList(
            _head(contents, row) for row in range(count(contents, r"styles\.\d+\.linear\.weight"))
        )
        for name in ("latlayer1", "latlayer2"):
            shape = contents.shape(f"{name}.weight", 4)
            setattr(self, name, nn.Conv2d(shape[1], shape[0], 1))
        self.num_ws, self.w_dim = len(self.styles), contents.shape("styles.0.linear.weight", 2)[0]
        self.register_buffer("latent_avg", torch.empty(self.num_ws, self.w_dim))

    def forward(self, images: Tensor) -> Tensor:
        """Return ws [N, num_ws, w_dim] of images [N, 3, 256, 256] in [-1, 1]."""
        return self.codes(self.checked(images)) + self.latent_avg

    def codes(self, images: Tensor, stage: int | None = None) -> Tensor:
        """Return ws relative to `latent_avg`; a stage of its training gives no offsets to the rows after it."""
        fine, middle, coarse = self.features(images)
        rows = [self.styles[0](coarse)]
        offsets = range(1, self.num_ws if stage is None else min(stage + 1, self.num_ws))
        features = coarse
        for row in offsets:
            if row == FIRST_MIDDLE:
                features = middle = add_larger(coarse, self.latlayer1(middle))  # type: ignore[operator]
            if row == FIRST_FINE:
                features = add_larger(middle, self.latlayer2(fine))  # type: ignore[operator]
            rows.append(self.styles[row](features) + (rows[0] if self.progressive else 0))
        rows += [rows[0]] * (self.num_ws - len(rows))
        return torch.stack(rows, dim=1)

    def features(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the body knows at 1/4, 1/8 and 1/16 of the size."""
        x, taken = self.input_layer(images), {}
        for index, block in enumerate(self.body):
            x = block(x)
            taken[index] = x if index in (FINE, MIDDLE, COARSE) else None
        return taken[FINE], taken[MIDDLE], taken[COARSE]  # type: ignore[return-value]


def add_larger(small: Tensor, large: Tensor) -> Tensor:
    """Return the sum of features, the smaller ones enlarged between the middles of their corner pixels."""
    return interpolate(small, large.shape[2:], mode="bilinear", align_corners=True) + large


def _block(contents: Contents, index: int) -> Block:
    depth, width = contents.shape(f"body.{index}.res_layer.1.weight", 4)[:2]
    inner = contents.shape(f"body.{index}.res_layer.5.fc1.weight", 4)[0]
    shortcut = f"body.{index}.shortcut_layer.0.weight" in contents.state
    if width != depth and not shortcut:
        raise Damage(f"block {index} of its encoder changes its width without a shortcut")
    return Block(width, depth, inner, 2 if index in HALVING else 1, shortcut=shortcut)


def _head(contents: Contents, row: int) -> Head:
    found = count(contents, rf"styles\.{row}\.convs\.\d+\.weight")
    shapes = [contents.shape(f"styles.{row}.convs.{2 * index}.weight", 4) for index in range(found)]
    if not shapes:
        raise Damage(f"its encoder is incomplete: styles.{row}.convs.0.weight is missing")
    return Head([shapes[0][1], *(shape[0] for shape in shapes)], contents.shape(f"styles.{row}.linear.weight", 2)[0])


def load(contents: Contents) -> E4E:
    """Return the encoder in a checkpoint of e4e or pSp; raise Refusal or Damage where there is none that is known."""
    held = part(contents, "encoder")
    if not held.state:
        raise Refusal("it holds no encoder, expected a checkpoint of encoder4editing or pSp, or a latent finder")
    opts = held.whole.get("opts") if isinstance(held.whole, dict) else None
    opts = opts if isinstance(opts, Mapping) else getattr(opts, "__dict__", {})
    kind = opts.get("encoder_type", "Encoder4Editing")
    if kind not in PROGRESSIVE:
        raise Refusal(f"its encoder is a {kind}, expected {' or '.join(PROGRESSIVE)}")
    state = {name: value for name, value in held.state.items() if not name.endswith("num_batches_tracked")}
    rows = count(held, r"styles\.\d+\.linear\.weight")
    state["latent_avg"] = average(held.whole, opts, rows, held.shape("styles.0.linear.weight", 2)[0])
    encoder = filled(lambda: E4E(held), state)
    encoder.progressive = PROGRESSIVE[kind]
    return encoder


def average(whole: Any, opts: Mapping[str, Any], rows: int, w_dim: int) -> Tensor:
    """Return the code [rows, w_dim] that others are relative to; zeros where the options say that there is none."""
    value = whole.get("latent_avg") if isinstance(whole, dict) else None
    if not opts.get("start_from_latent_avg", True):
        return torch.zeros(rows, w_dim)
    if not isinstance(value, Tensor) or tuple(value.shape) not in ((w_dim,), (1, w_dim), (rows, w_dim)):
        shape = list(value.shape) if isinstance(value, Tensor) else "none"
        raise Damage(f"its latent_avg is {shape}, expected [{rows}, {w_dim}]")
    return value.float().reshape(-1, w_dim).expand(rows, w_dim).clone()
