"""Bend the network: change feature maps on their way through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from renderer import BENDS, Film, Frame, Layers, Signal, SynthesisEffect, SynthesisInputs, ValueProblem, hookimpl, param

SAMPLES, CELLS = 8, 8  # latents by which channels are told apart, and cells of a map along each axis


class Bend(SynthesisEffect):
    """Change feature maps inside the generator, all or some: move, turn, erode, threshold, take away.

    translate moves by `amount` picture widths towards `angle`, zoom makes 1 + amount times as large, rotate turns all
    the way round at 1, shear slants, flip mirrors, erode and dilate thin and thicken by a tenth of the width, blur
    blurs by that, invert and threshold and ablate (take away) are whole at 1, multiply makes 1 + amount times as
    strong. What coarse layers lose, later ones paint anew; `render info MODEL` lists the layers. An amount of 0 leaves
    every bit. Source: Broad et al. 2021, arXiv:2005.12420.
    """

    name = "bend"
    example: ClassVar[str] = (
        "- walk: {keys: 3}\n- bend: {do: dilate, amount: '0.5*sin(4s)**2', layers: 2-7, channels: 0.7}"
    )

    do: Literal[
        "translate", "zoom", "rotate", "shear", "flip", "erode", "dilate", "blur", "invert", "threshold", "ablate",
        "multiply",
    ] = param("rotate", description="What is done to the maps")  # fmt: skip
    amount: Signal = param(0.2, description="How much; 0 is nothing, see above")
    angle: Signal = param(0, description="Degrees against the clock, where `translate` goes: 0 is to the right")
    layers: Layers = param("middle", description="Which maps, by the rows of ws that shape them, and how much each")
    channels: float = param(1.0, ge=0, le=1, description="Share of each map's channels, chosen by chance")
    seed: int = param(0, description="Another seed, other channels, or other clusters")
    cluster: int | None = param(None, ge=0, description="Only channels that do alike: 0 is the largest such cluster")
    clusters: int = param(5, ge=2, le=32, description="How many clusters channels are sorted into")

    def prepare(self, film: Film) -> Mapping[str, Tensor]:
        """Choose the channels [C] of every map, bool."""
        generator, rng = film.generator, film.rng(f"bend {self.seed}")
        if self.cluster is not None and self.cluster >= self.clusters:
            raise ValueProblem(f"expected a cluster from 0 to {self.clusters - 1}, got {self.cluster}")
        if not generator.feature_maps:
            raise ValueProblem(f"{generator.family} shows none of its feature maps")
        seen: dict[str, Tensor] = {}
        count = 1 if self.cluster is None else SAMPLES
        z = torch.as_tensor(rng.randn(count, generator.z_dim), dtype=torch.float32, device=generator.device)
        c = torch.zeros(count, generator.c_dim, device=generator.device) if generator.c_dim else None

        def look(name: str, features: Tensor) -> Tensor:
            seen[name] = adaptive_avg_pool2d(features.float(), CELLS).transpose(0, 1).flatten(1).cpu()
            return features

        generator.synthesis(generator.mapping(z, c), taps=look)
        return {name: self.chosen(maps, rng).to(generator.device) for name, maps in seen.items()}

    def chosen(self, maps: Tensor, rng: Any) -> Tensor:
        """Return which channels of maps [C, cells] are bent, bool [C]."""
        picked = torch.as_tensor(rng.permutation(len(maps)) < max(1, round(self.channels * len(maps))))
        if self.cluster is None or len(maps) < self.clusters:
            return picked
        alike = (maps - maps.mean(1, keepdim=True)) / maps.std(1, keepdim=True).clamp_min(1e-6)
        labels = torch.as_tensor(kmeans2(alike.double().numpy(), self.clusters, minit="++", seed=rng)[1])
        order = labels.bincount(minlength=self.clusters).argsort(descending=True, stable=True)
        return picked & (labels == order[self.cluster])

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs with a tap on the maps."""
        amounts = p.layers * (p.amount * frame.weight)[:, None]  # [N, num_ws]
        bent = Bent(self.do, amounts, torch.deg2rad(p.angle), frame.prepared, frame.generator.feature_maps)
        return x.with_tap(bent, (amounts != 0).any(1))


@dataclass(frozen=True)
class Bent:
    """Change the chosen channels of maps by the amount [N, num_ws] of their row of ws."""

    do: str
    amounts: Tensor
    angle: Tensor
    chosen: Mapping[str, Tensor]
    maps: Mapping[str, Any]

    def __call__(self, name: str, features: Tensor) -> Tensor:
        """Return the map [N, C, h, w] after the change; rows with an amount of 0 as they were."""
        amount, chosen = self.amounts[:, self.maps[name].row], self.chosen[name]
        if not bool((amount != 0).any() and chosen.any()):
            return features
        some = features[:, chosen].float()
        strength = amount * self.maps[name].share if self.do == "translate" else amount
        changed = torch.where((amount == 0).reshape(-1, 1, 1, 1), some, BENDS[self.do](some, strength, self.angle))
        whole = features.clone()
        whole[:, chosen] = changed.to(features.dtype)
        return whole


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Bend)
