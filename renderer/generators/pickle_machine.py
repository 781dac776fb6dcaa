"""A pickle read as data: a small stack machine that builds containers and calls nothing but a given table.

Python's own unpickler finds and calls whatever a file names. This one knows the instructions that checkpoints
use, looks names up in an exact table, checks every announced length against the bytes that are there, and counts
what it builds. It never recurses, so that no nesting can overflow the stack.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_INSTRUCTIONS = 2_000_000  # a checkpoint of the largest known networks needs about 100 000
KEY_TYPES = (str, int, float, bool, type(None))  # flat ones: hashing a deeply nested tuple overflows the stack


class Refusal(Exception):
    """Say why a file is not opened although it can be read."""


class Damage(Exception):
    """Say in which way a file is broken."""


class Stub:
    """Stand for an object of a class that is not ours; `set_state` receives its pickled state."""

    def set_state(self, state: Any) -> None:
        """Keep or check the state; by default none is expected."""
        raise Refusal(f"it sets the state of a {type(self).__name__}, which has none")


@dataclass(frozen=True)
class Global:
    """Hold what one allowed name stands for; `build` is None for a mere marker that cannot be called."""

    name: str
    build: Callable[..., Any] | None = None


Allowed = Mapping[tuple[str, str], Global]
NOTHING_ALLOWED: Allowed = {}


@dataclass
class Budget:
    """Count what a file may still ask for: bytes of elements, bytes of tensor views, and instructions."""

    element_bytes: int
    view_bytes: int
    instructions: int = field(default=MAX_INSTRUCTIONS)

    @classmethod
    def for_file(cls, size: int) -> Budget:
        """Allow each byte of a file to be stored once, and seen by a few views."""
        return cls(element_bytes=size, view_bytes=4 * size + (16 << 20))

    def store(self, count: int) -> None:
        """Take the bytes of a storage or an array."""
        self.element_bytes -= count
        if self.element_bytes < 0:
            raise Refusal("it declares more elements than the file has bytes for")

    def view(self, count: int) -> None:
        """Take the bytes of a tensor that looks into a storage."""
        self.view_bytes -= count
        if self.view_bytes < 0:
            raise Refusal("its tensors together are far larger than the file")


def shown(text: object) -> str:
    """Return a name from a file in a form fit for one line of an error message."""
    line = str(text).encode("unicode_escape").decode("ascii") if isinstance(text, str) else type(text).__name__
    return line if len(line) <= 80 else line[:77] + "..."


class PickleMachine:
    """Read the pickles that stand one after another in `data`, sharing one position and one budget."""

    def __init__(self, data: memoryview, budget: Budget) -> None:
        self.data, self.budget, self.position = data, budget, 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.allowed: Allowed = NOTHING_ALLOWED
        self.persistent: Callable[[Any], Any] | None = None

    def run(self, allowed: Allowed = NOTHING_ALLOWED, persistent: Callable[[Any], Any] | None = None) -> Any:
        """Return the object of the next pickle; bytes in it come as read-only memoryviews.

        Raises Refusal for what a checkpoint has no need of and Damage for what is no pickle.
        """
        self.stack, self.marks, self.memo = [], [], {}
        self.allowed, self.persistent = allowed, persistent
        while True:
            code = self.take(1)[0]
            if code == STOP:
                return self.stack.pop()
            self.budget.instructions -= 1
            if self.budget.instructions < 0:
                raise Refusal(
                    f"it has more than {MAX_INSTRUCTIONS} pickle instructions, far more than a checkpoint needs"
                )
            operation = OPERATIONS.get(code)
            if operation is None:
                raise self.unknown(code)
            operation(self)

    def unknown(self, code: int) -> Exception:
        """Return the error for an instruction that is not carried out."""
        if code in REFUSED:
            return Refusal(f"it uses {REFUSED[code]}, which checkpoints have no need of")
        return Damage(f"byte {self.position - 1} (0x{code:02x}) is no pickle instruction")

    def take(self, count: int) -> memoryview:
        """Return the next `count` bytes without copying them."""
        start, end = self.position, self.position + count
        if end > len(self.data):
            left = len(self.data) - start
            raise Damage(f"it ends too early: {count} bytes are announced where {left} are left")
        self.position = end
        return self.data[start:end]

    def number(self, width: int, signed: bool = False) -> int:
        """Return the next little-endian integer of `width` bytes."""
        return int.from_bytes(self.take(width), "little", signed=signed)

    def line(self) -> str:
        """Return the text up to the next newline, at most 1000 bytes."""
        end = bytes(self.data[self.position : self.position + 1000]).find(b"\n")
        if end < 0:
            raise Damage("a name in it has no end")
        text = str(self.take(end), "utf-8")
        self.take(1)
        return text

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        """Return and remove everything above the last mark."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def find(self, module: object, name: object) -> None:
        """Push what the table has for exactly this module and name."""
        if not (isinstance(module, str) and isinstance(name, str)):
            raise Damage("a name in it is not text")
        found = self.allowed.get((module, name))
        if found is None:
            raise Refusal(f"it asks to run {shown(module)}.{shown(name)}, which is not part of a checkpoint")
        self.push(found)

    def call(self) -> None:
        """Build what an allowed name stands for from a tuple of arguments."""
        arguments, target = self.stack.pop(), self.stack.pop()
        if not isinstance(target, Global) or target.build is None:
            what = target.name if isinstance(target, Global) else f"a {type(target).__name__}"
            raise Refusal(f"it asks to call {what}, which is only a name in a checkpoint")
        if type(arguments) is not tuple:
            raise Damage(f"the arguments of {target.name} are a {type(arguments).__name__}, not a tuple")
        try:
            self.push(target.build(*arguments))
        except TypeError as error:
            raise Damage(f"the arguments of {target.name} do not fit ({shown(str(error))})") from error

    def call_with_keywords(self) -> None:
        """Build from arguments where the file could give keywords; none may be given."""
        if self.stack.pop() != {}:
            raise Refusal("it builds an object from keyword arguments")
        self.call()

    def build(self) -> None:
        """Give the object on top its state."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Stub):
            target.set_state(state)
        elif not (isinstance(target, dict) and isinstance(state, dict)):  # `_metadata` of a dict is dropped
            raise Refusal(f"it sets the state of a {type(target).__name__}")

    def set_items(self, items: list[Any]) -> None:
        """Add keys and values, in turn, to the dict on top."""
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise Damage("it adds items to something that is no dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[flat_key(key)] = value

    def append(self, items: list[Any]) -> None:
        """Add items to the list on top."""
        if type(self.stack[-1]) is not list:
            raise Damage("it appends to something that is no list")
        self.stack[-1].extend(items)

    def add(self, items: list[Any]) -> None:
        """Add items to the set on top."""
        if type(self.stack[-1]) is not set:
            raise Damage("it adds to something that is no set")
        self.stack[-1].update(map(flat_key, items))

    def persistent_id(self) -> None:
        """Push the storage that a persistent id names."""
        if self.persistent is None:
            raise Refusal("it refers to data outside of its pickle")
        self.push(self.persistent(self.stack.pop()))

    def recall(self, index: int) -> None:
        """Push what was remembered under a number."""
        if index not in self.memo:
            raise Damage(f"it refers to an object number {index} that it has not made")
        self.push(self.memo[index])

    def remember(self, index: int) -> None:
        """Remember the top of the stack under a number."""
        self.memo[index] = self.stack[-1]

    def protocol(self) -> None:
        """Check the version of the pickle protocol."""
        if not 2 <= (version := self.number(1)) <= 5:
            raise Damage(f"its pickle protocol is {version}, expected 2 to 5")

    def frame(self) -> None:
        """Check the length of a frame; the frame itself needs no treatment."""
        length = self.number(8)
        if length > len(self.data) - self.position:
            raise Damage(f"it ends too early: a frame of {length} bytes is announced")

    def group(self, count: int) -> None:
        """Replace the top `count` values by a tuple of them."""
        if len(self.stack) < count:
            raise Damage("it makes a tuple of more values than there are")
        self.stack[-count:] = [tuple(self.stack[-count:])]


def flat_key(key: Any) -> Any:
    """Return a dict key or set item if it is a plain number or text."""
    if type(key) not in KEY_TYPES:
        raise Refusal(f"it uses a {type(key).__name__} as a dict key")
    return key


def _sized(width: int, make: Callable[[memoryview], Any]) -> Callable[[PickleMachine], None]:
    return lambda machine: machine.push(make(machine.take(machine.number(width))))


def _text(view: memoryview) -> str:
    return str(view, "utf-8", "surrogatepass")


def _long(view: memoryview) -> int:
    return int.from_bytes(view, "little", signed=True)


def _latin(view: memoryview) -> str:
    return str(view, "latin-1")


def _named(machine: PickleMachine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.find(module, name)


def _mark(machine: PickleMachine) -> None:
    machine.marks.append(machine.stack)
    machine.stack = []


def _dict_since_mark(machine: PickleMachine) -> None:
    items = machine.since_mark()
    machine.push({})
    machine.set_items(items)


STOP = ord(".")
Operation = Callable[[PickleMachine], Any]
OPERATIONS: dict[int, Operation] = {
    0x80: PickleMachine.protocol,
    0x95: PickleMachine.frame,
    ord("("): _mark,
    ord("0"): lambda m: m.stack.pop(),
    ord("1"): lambda m: m.since_mark(),
    ord("2"): lambda m: m.push(m.stack[-1]),
    ord("N"): lambda m: m.push(None),
    0x88: lambda m: m.push(True),
    0x89: lambda m: m.push(False),
    ord("J"): lambda m: m.push(m.number(4, signed=True)),
    ord("K"): lambda m: m.push(m.number(1)),
    ord("M"): lambda m: m.push(m.number(2)),
    0x8A: _sized(1, _long),
    0x8B: _sized(4, _long),
    ord("G"): lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    ord("X"): _sized(4, _text),
    0x8C: _sized(1, _text),
    0x8D: _sized(8, _text),
    ord("T"): _sized(4, _latin),
    ord("U"): _sized(1, _latin),
    ord("B"): _sized(4, memoryview.toreadonly),
    ord("C"): _sized(1, memoryview.toreadonly),
    0x8E: _sized(8, memoryview.toreadonly),
    0x96: _sized(8, memoryview.toreadonly),
    ord("]"): lambda m: m.push([]),
    ord("}"): lambda m: m.push({}),
    ord(")"): lambda m: m.push(()),
    0x8F: lambda m: m.push(set()),
    ord("t"): lambda m: m.push(tuple(m.since_mark())),
    ord("l"): lambda m: m.push(m.since_mark()),
    ord("d"): _dict_since_mark,
    0x85: lambda m: m.group(1),
    0x86: lambda m: m.group(2),
    0x87: lambda m: m.group(3),
    ord("a"): lambda m: m.append([m.stack.pop()]),
    ord("e"): lambda m: m.append(m.since_mark()),
    ord("s"): lambda m: m.set_items([m.stack.pop(), m.stack.pop()][::-1]),
    ord("u"): lambda m: m.set_items(m.since_mark()),
    0x90: lambda m: m.add(m.since_mark()),
    ord("q"): lambda m: m.remember(m.number(1)),
    ord("r"): lambda m: m.remember(m.number(4)),
    0x94: lambda m: m.remember(len(m.memo)),
    ord("h"): lambda m: m.recall(m.number(1)),
    ord("j"): lambda m: m.recall(m.number(4)),
    ord("c"): lambda m: m.find(m.line(), m.line()),
    0x93: _named,
    ord("R"): PickleMachine.call,
    0x81: PickleMachine.call,
    0x92: PickleMachine.call_with_keywords,
    ord("b"): PickleMachine.build,
    ord("Q"): PickleMachine.persistent_id,
}
REFUSED = {
    0x82: "the extension registry (EXT1)",
    0x83: "the extension registry (EXT2)",
    0x84: "the extension registry (EXT4)",
    0x97: "out-of-band buffers (NEXT_BUFFER)",
    0x98: "out-of-band buffers (READONLY_BUFFER)",
    0x91: "frozen sets (FROZENSET)",
    ord("i"): "old-style instances (INST)",
    ord("o"): "old-style instances (OBJ)",
    ord("P"): "text persistent ids (PERSID)",
} | {ord(code): f"the text form of pickle ({code})" for code in "ILFSVpg"}
