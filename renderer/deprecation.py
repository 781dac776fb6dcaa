"""Say of a function, a class or a public name that it will go away, since when, and what to use instead."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def deprecated(since: str, instead: str) -> Callable[[Function], Function]:
    """Let a function, or the making of an object, warn once at each place that calls it; `instead` says what to write.

    @deprecated("0.3", "use renderer.lerp")
    """

    def mark(function: Function) -> Function:
        made: Any = function  # a function, or a class, which is made by its __init__
        target: Any = vars(made).get("__init__", object.__init__) if isinstance(made, type) else made

        @functools.wraps(target)
        def warned(*args: Any, **options: Any) -> Any:
            warn(function.__name__, since, instead)
            return target(*args, **options)

        if not isinstance(made, type):
            return warned  # type: ignore[return-value]
        made.__init__ = warned  # type: ignore[misc]
        return function

    return mark


def warn(name: str, since: str, instead: str) -> None:
    """Warn that a name is deprecated, at the place of the caller's caller."""
    warnings.warn(f"{name} is deprecated since {since}; {instead}", DeprecationWarning, stacklevel=3)
