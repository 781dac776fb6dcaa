"""One trial for each case, so that its films are prepared once, and one thread, which is quickest for tiny frames."""

from __future__ import annotations

import functools

import pytest
import torch

from tests.laws.law_cases import write_files


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def trial_of(tmp_path_factory):
    """Return a function from a case to its trial."""
    folder = tmp_path_factory.mktemp("laws")
    write_files(folder)
    return functools.cache(lambda case: case.trial(folder))
