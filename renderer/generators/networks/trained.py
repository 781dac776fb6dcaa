"""What the trained networks have in common: a mapping network whose w goes to every layer, and inputs that fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor, nn

from renderer.errors import LatentreelError, expected
from renderer.generators.base import Generator


class TrainedNetwork(Generator):
    """Stand above the networks that are read from checkpoints; a subclass sets `mapping_network`."""

    mapping_network: nn.Module

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Return untruncated ws [N, num_ws, w_dim] of z [N, z_dim] and labels c [N, c_dim]."""
        w: Tensor = self.mapping_network(z, c)
        return w[:, None, :].repeat(1, self.num_ws, 1)

    def fitting(self, ws: Tensor) -> Tensor:
        """Return ws on the device and in the dtype of the network; raise LatentreelError for another shape."""
        if ws.ndim != 3 or tuple(ws.shape[1:]) != (self.num_ws, self.w_dim):
            raise LatentreelError(f"ws has the shape {list(ws.shape)}, expected [N, {self.num_ws}, {self.w_dim}]")
        return ws.to(self.w_avg)


def named_noise(noise: Mapping[str, Tensor] | None, layers: Collection[str]) -> Mapping[str, Tensor]:
    """Return the given noise maps; raise LatentreelError for the name of a layer that is not there."""
    for name in set(noise or {}) - set(layers):
        raise LatentreelError(f"there is no layer {name!r}{expected(name, layers)}")
    return noise or {}
