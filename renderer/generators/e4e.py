"""Checkpoints of encoder4editing and pSp: an encoder and a StyleGAN2 of the rosinality code in one file.

Opened as a generator, its decoder renders. Who encodes finds the encoder by `part(contents, "encoder")`, its options
in `contents.whole["opts"]`, and the code that its rows are relative to in `contents.whole["latent_avg"]`.
"""

from __future__ import annotations

from renderer.generators import rosinality
from renderer.generators.checkpoint import Contents, Format
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.pickle_machine import Damage


def detect(contents: Contents) -> bool:
    """Tell the format by its keys."""
    return all(any(key.startswith(prefix) for key in contents.state) for prefix in ("encoder.", "decoder."))


def load(contents: Contents) -> StyleGAN2:
    """Return the decoder; raise Refusal or Damage where its tensors do not fit together."""
    decoder = part(contents, "decoder")
    if not rosinality.detect(decoder):
        raise Damage("its decoder is incomplete: decoder.convs.0.conv.weight is missing")
    return rosinality.load(decoder)


def part(contents: Contents, name: str) -> Contents:
    """Return the `encoder` or the `decoder` by the names that it has alone."""
    prefix = f"{name}."
    state = {key.removeprefix(prefix): value for key, value in contents.state.items() if key.startswith(prefix)}
    return Contents(state, contents.container, whole=contents.whole)


FORMAT = Format("a StyleGAN2 checkpoint of the e4e or pSp code", detect, load)
