"""StyleGAN-XL: StyleGAN3 layers, with classes embedded by a fixed table and truncated towards their own centres.

Source: Sauer et al. 2022, arXiv:2202.00273.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.errors import LatentreelError
from renderer.generators.networks.mapping import Dense, Mapping, normalize
from renderer.generators.networks.stylegan2_layers import MAX_WIDTH
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import StyleGAN3Config


@dataclass(frozen=True, kw_only=True)
class StyleGANXLConfig(StyleGAN3Config):
    """Describe a StyleGAN-XL network completely.

    class_features  the width of the table of classes; embed_features is that of its projection.
    """

    class_features: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.c_dim or not 1 <= self.class_features <= MAX_WIDTH:
            raise ValueError(f"{self.c_dim} classes do not go with a table of {self.class_features} features")


class ClassMapping(Mapping):
    """Map z and the likeliest class of c to w; the table of classes stands for what another network learned."""

    def __init__(self, config: StyleGANXLConfig) -> None:
        super().__init__(
            config.z_dim,
            config.c_dim,
            config.mapping_widths,
            config.embed_features,
            config.mapping_activation,
            config.mapping_lr_multiplier,
        )
        self.embed = None
        self.class_table = nn.Parameter(torch.zeros(config.c_dim, config.class_features))
        self.embed_proj = Dense(config.class_features, config.embed_features, "lrelu")

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Return w [N, w_dim]; raise LatentreelError where z or c has another shape than the network's."""
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise LatentreelError(f"z has the shape {list(z.shape)}, expected [N, {self.z_dim}]")
        c = self.checked_labels(c, len(z))
        assert c is not None
        classes = functional.embedding(c.argmax(dim=1), self.class_table)  # [N, class_features]
        x = torch.cat([normalize(z.to(self.class_table)), normalize(self.embed_proj(classes))], dim=1)
        for index in range(self.depth):
            x = self.get_submodule(f"fc{index}")(x)
        return x


class StyleGANXL(StyleGAN3):
    """Generate images as StyleGAN-XL does.

    `w_avg` is the mean over the classes; `mapping` truncates towards the centre of the class in c.
    """

    family: ClassVar[str] = "stylegan-xl"
    class_w_avg: Tensor  # [c_dim, w_dim]

    def __init__(self, config: StyleGANXLConfig) -> None:
        super().__init__(config)
        self.mapping_network = ClassMapping(config)
        self.register_buffer("class_w_avg", torch.zeros(config.c_dim, config.w_dim))

    def center(self, c: Tensor | None) -> Tensor:
        """Return the centre of the likeliest class of each row of c [N, c_dim], [N, 1, w_dim]."""
        return self.w_avg if c is None else self.class_w_avg[c.argmax(dim=1)][:, None, :]
