"""Hostile files: each refused with its reason, nothing run, nothing large allocated."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from checkpoint_probe import FIXTURES, UNSAFE, name_of, pickled, text

from renderer.errors import CheckpointError
from renderer.generators import load_generator, read_torch_file
from renderer.generators.safe_pickle import read_checkpoint

REASONS = {
    "UNSAFE_reduce_os_system.pkl": "refused: it asks to run posix.system, which is not part of a checkpoint",
    "UNSAFE_reduce_inside_snapshot.pkl": "refused: it asks to run posix.system, which is not part of a checkpoint",
    "UNSAFE_reduce_builtins_exec.pkl": "refused: it asks to run builtins.exec, which is not part of a checkpoint",
    "UNSAFE_nested_in_storage_bytes.pkl": "refused: it asks to run posix.system, which is not part of a checkpoint",
    "UNSAFE_zip_reduce.pt": "refused: it asks to run posix.system, which is not part of a checkpoint",
    "UNSAFE_legacy_reduce.pt": "refused: it asks to run posix.system, which is not part of a checkpoint",
    "UNSAFE_module_src_payload.pkl": "broken: it holds an incomplete network: G_ema has no tensors",
    "UNSAFE_tf_module_src_payload.pkl": "refused: it holds no network that is known (it has dlatent_avg)",
    "UNSAFE_numpy_object_array.pkl": "refused: it has a numpy array of type O8, expected plain numbers",
    "UNSAFE_object_boundary.npy": "is a numpy array",
    "UNSAFE_truncated.pkl": "broken: it ends too early: a frame of 74679 bytes is announced",
    "UNSAFE_huge_binbytes8.pkl": "broken: it ends too early: 4398046511104 bytes are announced where 5 are left",
    "UNSAFE_huge_tensor_view.pkl": "refused: a tensor of shape [2097152, 2097152] looks beyond the 4 elements",
    "UNSAFE_huge_tensor_stride0.pkl": "refused: a tensor of shape [2097152, 2097152] is made from only 4 stored",
    "UNSAFE_huge_storage_numel.pkl": "refused: a storage declares 4398046511104 elements of torch.float32",
    "UNSAFE_huge_numpy_shape.pkl": "refused: a numpy array needs 17592186044416 bytes of data but has 16 bytes",
}


@pytest.fixture(autouse=True)
def _clean_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(content: bytes, tmp_path: Path, suffix: str = ".pkl") -> str:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        load_generator(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 300
    return message.removeprefix(f"{path}: ")


def test_every_hostile_file_has_a_reason() -> None:
    assert {path.name for path in UNSAFE.iterdir()} == set(REASONS)


@pytest.mark.parametrize("name", sorted(REASONS))
def test_hostile_file_is_refused(name: str, tmp_path: Path) -> None:
    message = refusal((UNSAFE / name).read_bytes(), tmp_path, Path(name).suffix)
    assert message.startswith(REASONS[name])
    assert not Path("PWNED_MARKER").exists()


def test_hostile_files_allocate_little(tmp_path: Path) -> None:
    """All of them are refused in a process that may take 300 MB more than it has after its imports."""
    script = """
import resource, sys
from pathlib import Path
import renderer.generators as generators
from renderer.errors import CheckpointError
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20), resource.RLIM_INFINITY))
for path in sorted(Path(sys.argv[1]).iterdir()):
    for read in (generators.load_generator, generators.read_torch_file):
        try:
            read(path)
        except CheckpointError as error:
            assert "memory" not in str(error), error
        else:
            assert "module_src" in path.name and read is generators.read_torch_file, path
print("refused all")
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    done = subprocess.run(
        [sys.executable, "-c", script, str(UNSAFE)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(FIXTURES.parents[1])},
        timeout=120,
    )
    assert done.stdout == "refused all\n", done.stderr
    assert not Path("PWNED_MARKER").exists()


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("torch.storage", "os.system"),
        ("torch._utils", "_rebuild_tensor_v2.__globals__"),
        ("torch", "FloatStorage.__init__"),
        ("collections", "OrderedDict.fromkeys"),
        ("torch.serialization", "load"),
        ("torch", "load"),
        ("numpy", "load"),
        ("functools", "partial"),
        ("builtins", "getattr"),
        ("copyreg", "_reconstructor"),
        ("torch_utils.persistence", "_reconstruct_persistent_obj2"),
        ("renderer.generators", "load_generator"),
    ],
)
def test_no_other_name_is_known(module: str, name: str, protocol: int, tmp_path: Path) -> None:
    named = f"c{module}\n{name}\n".encode() if protocol < 4 else name_of(module, name)
    message = refusal(pickled(named + text("touch PWNED_MARKER") + b"\x85R", protocol), tmp_path)
    assert message == f"refused: it asks to run {module}.{name}, which is not part of a checkpoint"
    assert not Path("PWNED_MARKER").exists()


def test_a_name_with_line_breaks_stays_one_sentence(tmp_path: Path) -> None:
    message = refusal(pickled(name_of("os\nfake.pkl: fine", "x" * 5000)), tmp_path)
    assert message.startswith("refused: it asks to run os\\nfake.pkl: fine.xxx")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x82\x01", "uses the extension registry (EXT1)"),
        (b"\x83\x01\x00", "uses the extension registry (EXT2)"),
        (b"\x84\x01\x00\x00\x00", "uses the extension registry (EXT4)"),
        (b"(ios\nsystem\n", "uses old-style instances (INST)"),
        (b"Pfile\n", "uses text persistent ids (PERSID)"),
        (b"NQ", "refers to data outside of its pickle"),
        (b"I1\n", "uses the text form of pickle (I)"),
        (name_of("torch", "FloatStorage") + b")R", "asks to call torch.FloatStorage, which is only a name"),
        (name_of("numpy", "ndarray") + b")R", "asks to call numpy.ndarray, which is only a name"),
        (text("print") + b")R", "asks to call a str"),
        (b"}))\x86Ns", "uses a tuple as a dict key"),
        (text("x") + b"}b", "sets the state of a str"),
        (name_of("collections", "OrderedDict") + b")R" + text("x") + b"b", "sets the state of a dict"),
        (name_of("collections", "OrderedDict") + b"}b", "sets the state of a Global"),
        (name_of("_codecs", "encode") + text("a") + text("rot13") + b"\x86R", "encodes something other than latin-1"),
        (name_of("numpy", "dtype") + text("V16") + b"\x85R", "numpy array of type V16"),
        (name_of("argparse", "Namespace") + b")}" + text("k") + b"Ns\x92", "builds an object from keyword arguments"),
    ],
)
def test_instruction_is_refused(body: bytes, reason: str, tmp_path: Path) -> None:
    message = refusal(pickled(body), tmp_path)
    assert message.startswith("refused: it ")
    assert reason in message


@pytest.mark.parametrize(
    "body", [b"", b"R", b"b", b"s", b"u", b"t", b"0", b"h\x07", b"\x85", b"NNs", b"Na", b"\xff", b"K", b"(((" * 1000]
)
def test_broken_instructions_are_one_sentence(body: bytes, tmp_path: Path) -> None:
    assert refusal(pickled(body), tmp_path).startswith("broken: ")


def test_nesting_and_instructions_without_end(tmp_path: Path) -> None:
    deep = pickled(b"]" * 400_000 + b"a" * 399_999)
    assert refusal(deep, tmp_path) == "refused: it holds a list, not a network"
    with pytest.raises(CheckpointError, match="nested more than 16 deep"):
        read_torch_file(tmp_path / "model.pkl")
    tuples = pickled(b"}" + b")" + b"\x85" * 400_000 + b"Ns")
    assert "as a dict key" in refusal(tuples, tmp_path)
    assert "more than 2000000 pickle instructions" in refusal(pickled(b"N0" * 1_000_001), tmp_path)


def test_a_memo_index_allocates_nothing(tmp_path: Path) -> None:
    """Python's own unpickler allocates a table as long as the largest index."""
    assert refusal(pickled(b"Nr\xff\xff\xff\xff"), tmp_path) == "refused: it holds a NoneType, not a network"


def test_shared_containers_are_read_once(tmp_path: Path) -> None:
    """Fourteen lists, each of ten times the one before, are 10^14 items to whoever walks them one by one."""
    body = b"]\x94"
    for index in range(14):
        body += b"](" + (b"h" + bytes([index])) * 10 + b"e\x94"
    path = tmp_path / "latents.pt"
    path.write_bytes(pickled(body))
    assert len(read_torch_file(path)) == 10


def zip_with(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def saved(value: object, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_zip_traps(tmp_path: Path) -> None:
    members = members_of(saved({"x": torch.arange(1000.0)}))
    data = next(name for name in members if name.endswith("data/0"))
    assert "is compressed" in refusal(zip_with(members, zipfile.ZIP_DEFLATED), tmp_path, ".pt")
    assert "where 3996 bytes are left" in refusal(zip_with({**members, data: members[data][4:]}), tmp_path, ".pt")
    assert "4004 bytes for 1000" in refusal(zip_with({**members, data: members[data] + b"1234"}), tmp_path, ".pt")
    without = {name: content for name, content in members.items() if name != data}
    assert "is missing" in refusal(zip_with(without), tmp_path, ".pt")
    assert "exactly one data.pkl" in refusal(zip_with({"x.npy": b"1"}), tmp_path, ".pt")
    assert "holds no network" in refusal(zip_with(members), tmp_path, ".pt")
    flipped = bytearray(zip_with(members))
    flipped[flipped.find(members[data]) + 9] ^= 1
    assert refusal(bytes(flipped), tmp_path, ".pt").startswith("broken: ")
    order = next(name for name in members if name.endswith("byteorder"))
    assert "big-endian" in refusal(zip_with({**members, order: b"big"}), tmp_path, ".pt")


def test_one_storage_cannot_be_seen_a_thousand_times(tmp_path: Path) -> None:
    many = [torch.zeros(300_000) + 1]
    many += [many[0][index:] for index in range(1000)]
    assert "far larger than the file" in refusal(saved(many), tmp_path, ".pt")


def test_cyclic_objects_end(tmp_path: Path) -> None:
    loop = pickled(b"]\x94h\x00a")
    assert "holds a list" in refusal(loop, tmp_path)
    with pytest.raises(CheckpointError, match="nested more than 16 deep"):
        read_torch_file(tmp_path / "model.pkl")


def test_modules_nested_in_themselves_end(tmp_path: Path) -> None:
    meta = b"}(" + text("type") + text("class") + text("class_name") + text("Generator") + text("state")
    network = name_of("torch_utils.persistence", "_reconstruct_persistent_obj") + meta
    network += b"}\x94u\x85R\x94h\x00" + text("_modules") + b"}" + text("a") + b"h\x01ss0"
    body = b"}" + text("G_ema") + network + b"s"
    assert "nested without end" in refusal(pickled(body), tmp_path)
    assert read_checkpoint(tmp_path / "model.pkl")["G_ema"].class_name == "Generator"
