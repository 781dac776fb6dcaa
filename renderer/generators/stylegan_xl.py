"""StyleGAN-XL pickles: a StyleGAN3 checkpoint with a table of classes, and perhaps a head for higher resolutions.

A head names the file of its stem in its constructor arguments; that file is not needed and never opened.
"""

from __future__ import annotations

from torch import Tensor

from renderer.generators import stylegan3
from renderer.generators.allowed import Persistent, TorchModule
from renderer.generators.checkpoint import Contents, Format, filled, plain_value
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan_xl import StyleGANXL, StyleGANXLConfig
from renderer.generators.pickle_machine import Damage


def detect(contents: Contents) -> bool:
    """Tell the format by the projection of its table of classes, or by the class of its head."""
    return contents.class_name == "SuperresGenerator" or any("embed_proj" in name for name in contents.state)


def load(contents: Contents) -> StyleGAN3:
    """Return the network; raise Damage where its tensors, attributes and constructor do not fit together."""
    if "mapping.embed_proj.weight" not in contents.state:  # without classes it is a StyleGAN3
        return stylegan3.load(contents)
    table = class_table(contents)
    embed, features = contents.shape("mapping.embed_proj.weight", 2)
    classes, w_dim = contents.shape("mapping.w_avg", 2)
    if len(table) < classes or table.shape[1] != features:  # there may be more classes than it was trained on
        raise Damage(f"its table of classes has the shape {list(table.shape)}, expected {[classes, features]}")
    z_dim = contents.shape("mapping.fc0.weight", 2)[1] - embed
    plain = stylegan3.made(contents, z_dim, classes, embed, w_dim)
    try:
        fields = {name: getattr(plain, name) for name in plain.__dataclass_fields__}
        config = StyleGANXLConfig(**fields, class_features=features)
    except ValueError as error:
        raise Damage(str(error)) from error
    stylegan3.checked(contents, config)
    centers = contents.state["mapping.w_avg"]
    if not centers.is_floating_point():
        raise Damage(f"mapping.w_avg is of type {centers.dtype}, expected floating point")
    state = {name: value for name, value in stylegan3.own_state(contents).items() if name != "w_avg"}
    state |= {
        "mapping_network.class_table": table[:classes],
        "class_w_avg": centers,
        "w_avg": centers.float().mean(dim=0),
    }
    return filled(lambda: StyleGANXL(config), state)


def class_table(contents: Contents) -> Tensor:
    """Return the table of classes [c_dim, class_features], which is a module of torch itself."""
    whole = contents.whole
    root = whole.get("G_ema") if isinstance(whole, dict) else whole
    place = root
    for name in ("mapping", "embed"):
        children = place.state.get("_modules") if isinstance(place, Persistent) else None
        place = children.get(name) if isinstance(children, dict) else None
    parameters = place.state.get("_parameters") if isinstance(place, TorchModule) else None
    weight = plain_value(parameters.get("weight")) if isinstance(parameters, dict) else None
    if not isinstance(weight, Tensor) or weight.ndim != 2:
        raise Damage("it holds an incomplete network: the table of classes, mapping.embed, is missing")
    return weight


FORMAT = Format("a StyleGAN-XL checkpoint", detect, load)
