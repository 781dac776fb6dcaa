"""Freed memory is kept for what comes next, unless the user says no."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from renderer.pages import SWITCH, keep_pages

PROGRAM = """
import resource, numpy
from renderer import keep_pages
told = keep_pages()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    numpy.ones(8_000_000, numpy.float32)  # 32 MB, freed at once: 16 huge pages at least
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(told, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
@pytest.mark.parametrize(("switch", "told", "least", "most"), [("", "True", 0, 10), ("default", "False", 12, 10**6)])
def test_pages_are_kept(switch: str, told: str, least: int, most: int) -> None:
    environment = {**os.environ, SWITCH: switch}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    answer, faults = done.stdout.split()
    assert answer == told
    assert least <= int(faults) <= most


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not keep_pages()
