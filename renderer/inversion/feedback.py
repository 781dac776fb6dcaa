"""What an encoder finds, corrected by what it says of pictures of its own finds.

An encoder that is not sure says what is likeliest, which lies too near to the mean, and of a picture of that it says
what lies nearer still. The difference between what it says of the photo and of the picture is what is missing, and is
added: the feedback of ReStyle (Alaluf et al. 2021, arXiv:2104.02699). No other training is needed, as only the find
whose picture is nearest to the photo is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

LOOKS = 10  # each costs a picture, without gradients
Encode = Callable[[Tensor], Tensor]  # images [T, 3, H, W] in -1..1 to ws [T, num_ws, w_dim]
Paint = Callable[[Tensor], Tensor]  # the other way
Far = Callable[[Tensor], Tensor]  # of pictures [T, 3, H, W] from the photos, [T]


@torch.no_grad()
def looked_again(encode: Encode, paint: Paint, distance: Far, photos: Tensor, looks: int = LOOKS) -> Tensor:
    """Return the best ws [T, num_ws, w_dim] for photos [T, 3, H, W] that so many corrections lead to."""
    wanted = nearest = ws = encode(photos)
    pictures = paint(ws)
    least = distance(pictures)
    for _ in range(looks):
        ws = ws + wanted - encode(pictures)
        pictures = paint(ws)
        far = distance(pictures)
        nearest = torch.where((far < least)[:, None, None], ws, nearest)
        least = torch.minimum(far, least)
    return nearest
