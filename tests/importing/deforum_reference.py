"""Write `deforum_values.json`: what Deforum makes of schedules at every frame, by its own libraries.

Needs numexpr and pandas, which latentreel does not: `python tests/importing/deforum_reference.py` in an environment
that has them. The rule is Deforum's: a formula is evaluated at every frame until the next key, numbers are joined by
straight lines, and both ends go on as they are.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

SCHEDULES = [
    "0:(1.0), 30:(1.05+0.02*sin(2*3.14*t/60))",
    "0:(0)",
    "0: (1), 20: (2), 50: (0.5)",
    "10:(1), 20:(3)",
    "0:(1.02+0.02*sin(2*3.14*t/20))",
    "0:(t%15)",
    "0:(2*cos(t/7)), 40:(5), 60:(t/10-3)",
    "0:((t>30)*2-1)",
    "0:(abs(sin(3.14*t/12))**3)",
    "0:(s), max_f/2:(max_f-t)",
    "0:(tan(t/100)), 50:(-2.5)",
    "0:(sin(t*t/200))",
    "0:(sqrt(t)+exp(-t/20))",
    "0:(ceil(t/8)+floor(-t/8)+trunc(5-t/8))",
    "0:(((t>10)&(t<20))|(t>50))",
    "0:(-sin(-t/9+1))",
    "0:((t-40)%7)",
    "5:(3*t), 30:(1), 45:(t//6)",
    "0:(cos(3.14)*t)",
    "0:(1.5), 33:(sinh(t/40))",
    "0:(cosh(t/40)-tanh(t/40))",
    "0: (-1.5e-3*t)",
    "0:(sin(cos(t/5)))",
    "0:(~(t>30))",
    "0:((t>31)*2-1)",
    "0:(floor(t/31)+t%31)",
    "0:((t==31)+(t!=62))",
    "0:('1.5'), 10:(\"2\")",
    "0:(where(t<20, 1, t/10)), 60:(2)",
    "0:(1), 100:(5)",
    "0:(2**(t/30) - (-t)**2/900)",
]
FRAMES, SEED = 70, 5


def parts(schedule: str) -> dict[int, str]:
    """Return the keys of a schedule, by the commas outside of brackets."""
    import numexpr

    keys = {}
    for frame, value in re.findall(r"([^,:]+):\s*((?:[^(),]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+)", schedule):
        at = frame.strip()
        known = {"max_f": FRAMES - 1, "s": SEED}
        keys[int(at) if at.isdigit() else int(numexpr.evaluate(at, known))] = value.strip()
    return keys


def values(schedule: str) -> list[float]:
    """Return the value of a schedule at every frame."""
    import numexpr
    import numpy as np
    import pandas as pd

    keys, found, formula = parts(schedule), pd.Series([np.nan] * FRAMES), None
    for frame in range(FRAMES):
        if frame in keys:
            text = re.sub(r"['\"]", "", keys[frame])
            bare = re.sub(r"[()]", "", text)
            is_number = re.match(r"^(?=.)([+-]?([0-9]*)(\.([0-9]+))?)$", bare)
            formula = None if is_number else text
            if is_number:
                found[frame] = float(bare)
        if formula is not None:
            found[frame] = float(numexpr.evaluate(formula, {"t": frame, "max_f": FRAMES - 1, "s": SEED}))
    found[0] = found[found.first_valid_index()]
    found[FRAMES - 1] = found[found.last_valid_index()]
    return [round(value, 9) for value in found.interpolate(method="linear", limit_direction="both")]


if __name__ == "__main__":
    lines = [json.dumps({"schedule": one, "values": values(one)}) for one in SCHEDULES]
    Path(__file__).with_name("deforum_values.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
