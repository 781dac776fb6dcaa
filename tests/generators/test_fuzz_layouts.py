"""Networks with parts missing, renamed, doubled or of other shapes end in a generator or in one sentence."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from checkpoint_probe import FIXTURES

from renderer.generators import rosinality, stylegan1, stylegan1_tf
from renderer.generators.checkpoint import Contents, Format, contents_of
from renderer.generators.e4e import part
from renderer.generators.pickle_machine import Damage, Refusal
from renderer.generators.safe_pickle import read_checkpoint

FORMATS: dict[str, Format] = {
    "rosinality_train32.pt": rosinality.FORMAT,
    "e4e_32.pt": rosinality.FORMAT,
    "sg1_32_interfacegan.pth": stylegan1.FORMAT,
    "sg1_128_tf.pkl": stylegan1_tf.FORMAT,
}


def other_tensor(value: torch.Tensor, source: random.Random) -> torch.Tensor:
    """Return a tensor of another shape or type, or with values that no network has."""
    choices = (
        value.reshape(-1)[:0],
        value.reshape(-1),
        value.unsqueeze(0),
        value.transpose(0, -1) if value.ndim else value,
        value.long(),
        value.double(),
        value * float("nan"),
        torch.cat([value, value]) if value.ndim else value.repeat(2),
        torch.zeros(source.choice(([], [1], [0], [1, 1], [3, 0, 2], [1, 1, 4, 4], [1 << 12, 1]))),
    )
    return choices[source.randrange(len(choices))]


def mutated(contents: Contents, source: random.Random) -> Contents:
    """Return contents with one to three tensors changed, and perhaps another centre or argument beside them."""
    state: dict[str, torch.Tensor] = dict(contents.state)
    for _ in range(source.randint(1, 3)):
        name = source.choice(sorted(state))
        kind = source.randrange(4)
        if kind == 0:
            del state[name]
        elif kind == 1:
            state["".join(str((int(c) + 1) % 10) if c.isdigit() else c for c in name)] = state.pop(name)
        else:
            state[name] = other_tensor(state[name], source)
    kwargs = dict(contents.kwargs)
    if source.random() < 0.3:
        key = source.choice(("fused_scale", "blur_filter", "mapping_lrmul", "resolution", "use_wscale", "latent_size"))
        kwargs[key] = source.choice((None, -1, 0, 1e400, "x" * 500, [], [1.0, float("nan"), 1], {}, True, 10**30))
    whole: Any = {"latent_avg": source.choice((None, 3, "x", torch.zeros(2, 3, 4), torch.zeros(0)))}
    return Contents(state, contents.container, kwargs, whole=whole if source.random() < 0.2 else contents.whole)


@pytest.mark.parametrize("file", FORMATS)
def test_changed_networks_end_in_one_sentence(file: str) -> None:
    """Refusal and Damage are the only ways out, so that the sentence says what is wrong."""
    contents = contents_of(read_checkpoint(FIXTURES / file))
    contents = part(contents, "decoder") if file.startswith("e4e") else contents
    source, opened, messages = random.Random(file), 0, list[str]()
    for _ in range(150):
        try:
            network = FORMATS[file].load(mutated(contents, source))
            assert network.synthesis(torch.zeros(1, network.num_ws, network.w_dim)).shape[0] == 1
            opened += 1
        except (Refusal, Damage) as error:
            messages.append(str(error))
    assert opened > 0
    assert len(messages) > 0
    assert all("\n" not in message and len(message) < 400 for message in messages)
