"""Tell the allocator to keep the pages it is given back, which synthesis asks for again at once.

By default glibc returns every large array to the system when it is freed, and the system hands out zeroed pages anew
for the next: at 1024 pixels that takes as long as the arithmetic. Kept pages leave holes, which add to the peak of a
render: about a tenth at 1024 pixels.
"""

from __future__ import annotations

import ctypes
import os
import platform

SWITCH = "LATENTREEL_MALLOC"  # an environment variable; "default" leaves the allocator alone
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST, OLDER_LARGEST = 2**31 - 1, 32 * 2**20  # bytes; glibc before 2.35 takes no more than the second


def keep_pages() -> bool:
    """Make glibc keep freed memory for the rest of the process; return whether it was told to.

    The command line calls this first. A program of your own calls it before it makes large tensors.
    Nothing happens where the C library is another one, or with `LATENTREEL_MALLOC=default` in the environment.
    Source: mallopt(3).
    """
    if os.environ.get(SWITCH) == "default" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    kept = mallopt(M_MMAP_THRESHOLD, LARGEST) or mallopt(M_MMAP_THRESHOLD, OLDER_LARGEST)
    return bool(kept and mallopt(M_TRIM_THRESHOLD, LARGEST))
