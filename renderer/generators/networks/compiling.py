"""Making one program of a network by torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is compiled when it is first called, for the shapes it is called with.

    Its weights are taken for constants. On a GPU its kernels are replayed as one graph.
    """
    options: dict[str, Any] = {"triton.cudagraphs": True} if torch.cuda.is_available() else {"freezing": True}
    return torch.compile(function, dynamic=False, fullgraph=True, options=options)
