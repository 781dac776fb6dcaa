"""What an encoder is: a module from images to ws. See `load_encoder` for the files that hold one."""

from __future__ import annotations

from torch import Tensor, nn

from renderer.errors import LatentreelError


class Encoder(nn.Module):
    """Stand above the encoders: called with images [N, 3, S, S] in [-1, 1], they return ws [N, num_ws, w_dim].

    image_size is S in pixels; num_ws and w_dim are those of the generators that the ws are for.
    """

    image_size: int
    num_ws: int
    w_dim: int

    def checked(self, images: Tensor) -> Tensor:
        """Return images as they are; raise LatentreelError for another shape than [N, 3, S, S]."""
        size = self.image_size
        if images.ndim != 4 or tuple(images.shape[1:]) != (3, size, size):
            raise LatentreelError(f"an encoder takes images [N, 3, {size}, {size}], got {list(images.shape)}")
        return images
