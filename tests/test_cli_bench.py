"""`render bench`: numbers for people and for programs, and clear errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


def bench(render_command, *args):
    done = render_command("bench", *args, "--seconds", 0.01)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_random_network_as_json(render_command):
    found = json.loads(bench(render_command, "--random", "stylegan2:64", "--batch", 1, "--mode", "exact", "--json"))
    assert (found["model"], found["family"], found["size"]) == ("stylegan2:64", "stylegan2", [64, 64])
    assert found["operations"] == pytest.approx(15.3e9, rel=0.01)
    assert found["ceilings"]["fp32"]["matmul"] > 1e9
    assert found["memory_speed"] > 1e8
    assert found["auto"]["why"]
    assert isinstance(found["kept_pages"], bool)
    (one,) = found["timings"]
    assert (one["mode"], one["dtype"], one["batch"]) == ("exact", "fp32", 1)
    ceiling = max(found["ceilings"]["fp32"].values())
    assert one["times_floor"] == pytest.approx(one["best"] * ceiling / found["operations"])


@pytest.mark.full  # most CPUs emulate float16, whose ceiling takes half a minute
def test_a_checkpoint_as_a_table(render_command):
    told = bench(render_command, FIXTURES / "sg2ada_cond32.pkl", "--dtype", "fp16", "--mode", "fast", "--mode", "exact")
    lines = [line.split()[:3] for line in told.splitlines()]
    for expected in (["exact", "fp32", "1"], ["exact", "fp32", "4"], ["fast", "fp16", "1"], ["fast", "fp16", "4"]):
        assert expected in lines
    for said in ("32x32 pixels", "GFLOP a frame", "GFLOP/s matmul", "GB/s", "frames/s", "auto picks"):
        assert said in told


def test_bloom_of_a_size(render_command):
    told = bench(render_command, "--size", "64x48", "--batch", 1)
    assert "bloom (bloom), 64x48 pixels" in told
    assert "note: no arithmetic is counted for this model" in told
    assert "this model knows no other precision" in told


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--random", "stylegan2:1042"], "there is no random network 'stylegan2:1042'; did you mean 'stylegan2:1024'?"),
        (["--random", "biggan"], "there is no random network 'biggan'; known are stylegan2:1024, stylegan2:128, "),
        (["bloom", "--random", "stylegan2:64"], "expected a MODEL or --random, not both: bloom and stylegan2:64"),
        (["blom"], "blom: there is no generator and no file of this name; did you mean 'bloom'?"),
        (["--size", "big"], "--size: expected a size in pixels such as 512"),
        (["--device", "toaster"], "device 'toaster' cannot be used"),
    ],
)
def test_bad_input_gets_one_clear_sentence(render_command, args, said):
    done = render_command("bench", *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
