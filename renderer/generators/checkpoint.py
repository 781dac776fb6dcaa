"""The one network in a checkpoint that renders, as flat tensors, whichever container it came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from renderer.generators.allowed import NumpyArray, Persistent, TFNetwork
from renderer.generators.base import Generator
from renderer.generators.pickle_machine import Damage, Refusal, shown
from renderer.generators.safe_pickle import tensor_of
from renderer.generators.torch_streams import StoredTensor

MAX_MODULES = 4096
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Contents:
    """Hold what a checkpoint says about the network that renders: `G_ema`, `Gs`, `g_ema` or the only one.

    state      its tensors by the dotted names of its file.
    kwargs     the constructor arguments that were given, empty where the container keeps none.
    modules    plain attributes of each module by dotted name; "" is the network itself.
    container  "persistence" (NVIDIA's torch pickles), "tf" or "torch".
    whole      the object as read, for what stands beside the network.
    """

    state: Mapping[str, Tensor]
    container: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    modules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    class_name: str = ""
    whole: Any = None

    def shape(self, name: str, dims: int) -> tuple[int, ...]:
        """Return the shape of a tensor; raise Damage where it is missing or has another number of dimensions."""
        if name not in self.state:
            raise Damage(f"it holds an incomplete network: {shown(name)} is missing")
        if self.state[name].ndim != dims:
            raise Damage(f"{shown(name)} has the shape {list(self.state[name].shape)}, expected {dims} dimensions")
        return tuple(self.state[name].shape)

    def attribute(self, module: str, name: str, default: Any) -> Any:
        """Return a plain attribute of a module, or the default where the file does not say."""
        return self.modules.get(module, {}).get(name, default)


@dataclass(frozen=True)
class Format:
    """Name a checkpoint format, tell it by its contents, and load it; `load` is None for those not opened yet."""

    title: str
    detect: Callable[[Contents], bool]
    load: Callable[[Contents], Generator] | None = None


def contents_of(loaded: Any) -> Contents:
    """Return the contents of a checkpoint as read; raise Refusal or Damage where it holds no network."""
    if isinstance(loaded, dict) and any(isinstance(value, Persistent) for value in loaded.values()):
        if not isinstance(loaded.get("G_ema"), Persistent):
            raise Damage(f"it has no G_ema, the network that renders; it has {names(loaded)}")
        return persistent_contents(loaded["G_ema"], loaded)
    if isinstance(loaded, Persistent):
        return persistent_contents(loaded, loaded)
    if isinstance(loaded, tuple) and len(loaded) == 3 and all(isinstance(part, TFNetwork) for part in loaded):
        return tf_contents(loaded[2], loaded)
    if isinstance(loaded, dict):
        inner = next((loaded[key] for key in ("g_ema", "state_dict") if isinstance(loaded.get(key), dict)), loaded)
        found = {key: plain_value(value) for key, value in inner.items() if isinstance(key, str)}
        state = {key: value for key, value in found.items() if isinstance(value, Tensor)}
        return Contents({key.removeprefix("module."): value for key, value in state.items()}, "torch", whole=loaded)
    raise Refusal(f"it holds a {type(loaded).__name__}, not a network")


def names(mapping: Mapping[Any, Any]) -> str:
    """Return the first few keys of a mapping for a message."""
    keys = [shown(str(key)) for key in mapping]
    return (", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")) or "nothing"


def walk(root: Persistent) -> Iterator[tuple[str, Persistent]]:
    """Yield each module below a persistent one with its dotted name; raise Damage for an endless tree."""
    left, count = [("", root, 0)], 0
    while left:
        prefix, module, depth = left.pop()
        count += 1
        if depth > 8 or count > MAX_MODULES:
            raise Damage("its modules are nested without end")
        yield prefix, module
        children = module.state.get("_modules") or {}
        if not isinstance(children, dict) or not all(isinstance(name, str) for name in children):
            raise Damage("the list of its modules is broken")
        named = [(f"{prefix}.{name}" if prefix else name, child) for name, child in children.items()]
        left += [(name, child, depth + 1) for name, child in reversed(named) if isinstance(child, Persistent)]


def persistent_contents(network: Persistent, whole: Any) -> Contents:
    """Return the contents of a network of NVIDIA's persistence."""
    state: dict[str, Tensor] = {}
    modules: dict[str, dict[str, Any]] = {}
    for prefix, module in walk(network):
        modules[prefix] = {key: plain_value(value) for key, value in module.state.items()}
        for group in ("_parameters", "_buffers"):
            tensors = module.state.get(group) or {}
            if not isinstance(tensors, dict):
                raise Damage(f"the {group} of {prefix or 'its network'} are a {type(tensors).__name__}")
            for name, stored in tensors.items():
                if isinstance(value := plain_value(stored), Tensor):
                    state[f"{prefix}.{name}" if prefix else str(name)] = value
                elif value is not None:
                    raise Damage(f"the parameter {shown(str(name))} is a {type(value).__name__}, expected a tensor")
    if not state:
        raise Damage("it holds an incomplete network: G_ema has no tensors")
    given, kwargs = network.state.get("_init_args"), network.state.get("_init_kwargs")
    order = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
    positional = dict(zip(order, given if isinstance(given, tuple) else (), strict=False))
    kwargs = {**positional, **(kwargs if isinstance(kwargs, dict) else {})}
    return Contents(state, "persistence", kwargs, modules, network.class_name, whole)


def plain_value(value: Any) -> Any:
    """Return an attribute: a numpy array where it stands for one, a tensor where it stands for that."""
    if isinstance(value, StoredTensor):
        return value.tensor()
    return value.value if isinstance(value, NumpyArray) else value


def tf_contents(network: TFNetwork, whole: Any) -> Contents:
    """Return the contents of a TF network: its variables and those of its components, by their TF names."""
    state: dict[str, Tensor] = {}
    components = network.state.get("components")
    parts = [("", network), *(components.items() if isinstance(components, dict) else ())]
    for prefix, part in parts:
        variables = part.state.get("variables") if isinstance(part, TFNetwork) else None
        for pair in variables if isinstance(variables, list) else ():
            if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], str):
                raise Damage("the variables of its network are broken")
            value = tensor_of(pair[1]) if isinstance(pair[1], NumpyArray) else pair[1]
            state[f"{prefix}/{pair[0]}" if prefix else pair[0]] = torch.as_tensor(value)
    if not state:
        raise Damage("it holds an incomplete network: Gs has no variables")
    kwargs = network.state.get("static_kwargs")
    return Contents(state, "tf", kwargs if isinstance(kwargs, dict) else {}, {}, "", whole)


def filled(build: Callable[[], Network], state: Mapping[str, Tensor]) -> Network:
    """Return a network with these tensors in float32 as its state, evaluating and without gradients of its own.

    A tensor that has its memory to itself is taken as it is, others are copied. Shapes are compared before any memory
    is allocated; raises Damage where tensors are missing, left over or of another shape.
    """
    with torch.device("meta"):
        network = build()
    wanted = network.state_dict()
    if missing := [name for name in wanted if name not in state]:
        raise Damage(f"it holds an incomplete network: {shown(missing[0])} is missing")
    if extra := [name for name in state if name not in wanted]:
        raise Damage(f"it has tensors that its network does not use: {names(dict.fromkeys(extra))}")
    for name, value in wanted.items():
        if state[name].shape != value.shape:
            raise Damage(f"{name} has the shape {list(state[name].shape)}, expected {list(value.shape)}")
        if not state[name].is_floating_point():
            raise Damage(f"{name} is of type {state[name].dtype}, expected floating point")
    uses = Counter(value.untyped_storage().data_ptr() for value in state.values())

    def own(value: Tensor) -> Tensor:
        memory = value.untyped_storage()
        shared = uses[memory.data_ptr()] > 1 or memory.nbytes() != value.nbytes
        return value.detach().to(torch.float32, memory_format=torch.contiguous_format, copy=shared)

    network.load_state_dict({name: own(value) for name, value in state.items()}, assign=True)
    return network.eval().requires_grad_(False)
