"""Tools for authors of plugins: a package to start from, the laws tried on a plugin, reloading while it is edited."""

from typing import Literal, get_args

Kind = Literal["latent", "synthesis", "image", "signal", "easing", "sink", "generator"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # of plugins that `render new-plugin` writes
