"""Bring frames into the shape an encoder takes: channels, alpha, even sides."""

from __future__ import annotations

import numpy as np

from renderer.sinks.base import Frames


def to_rgb(frames: Frames) -> Frames:
    """Return frames [N, H, W, C] as RGB [N, H, W, 3]; grey is repeated, alpha is laid on black."""
    if frames.shape[-1] == 3:
        return frames
    if frames.shape[-1] == 1:
        return np.repeat(frames, 3, axis=-1)
    alpha = frames[..., 3:].astype(np.uint16)
    return ((frames[..., :3] * alpha + 127) // 255).astype(np.uint8)


def to_rgba_or_rgb(frames: Frames) -> Frames:
    """Return frames with 4 channels as they are, others as RGB."""
    return frames if frames.shape[-1] == 4 else to_rgb(frames)


def pad_even(frames: Frames) -> Frames:
    """Return frames with even sides, the last row and column repeated where needed."""
    odd_height, odd_width = frames.shape[1] % 2, frames.shape[2] % 2
    if not odd_height and not odd_width:
        return frames
    return np.pad(frames, ((0, 0), (0, odd_height), (0, odd_width), (0, 0)), mode="edge")
