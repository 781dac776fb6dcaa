from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from renderer.errors import ValueProblem
from renderer.job import plugins
from renderer.timeline.expressions import Scope
from renderer.timeline.signals import bind_number
from renderer.values.expression import MAX_NUMBER, OSCILLATORS, parse_expression
from renderer.values.signal import parse_number
from renderer.values.time import Clock, Span
from tests.scene.bound import said_of, values_of

TIMES = np.array([0.0, 0.5, 1.25, 3.0, 7.9])


def evaluate(text: str, t: np.ndarray = TIMES, **clock: object) -> np.ndarray:
    clock = Clock(**{"fps": 30, "duration": 8.0, **clock})
    return bind_number(parse_number(text), Scope(clock, Span(0, 8), plugins().easings))(t)


numbers = st.integers(0, 20).map(str) | st.floats(0, 20).map(lambda number: f"{number:.3f}")
leaves = numbers | st.sampled_from(["t", "progress", "pi", "tau", "e"])


def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "%"]), inner).map(
            lambda x: f"({x[0]} {x[1]} {x[2]})"
        ),
        st.tuples(st.sampled_from("+-"), inner).map(lambda x: f"({x[0]}{x[1]})"),
        pair.map(lambda x: f"min({x[0]}, {x[1]})"),
        pair.map(lambda x: f"max({x[0]}, {x[1]}, 1)"),
        inner.map(lambda x: f"abs({x})"),
        inner.map(lambda x: f"floor({x})"),
        inner.map(lambda x: f"round({x})"),
        inner.map(lambda x: f"sqrt(abs({x}))"),
        inner.map(lambda x: f"exp(-abs({x}))"),
        inner.map(lambda x: f"clamp({x}, 0.25, 2)"),
        pair.map(lambda x: f"mod({x[0]}, 1 + abs({x[1]}))"),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">="]), inner, inner, inner).map(
            lambda x: f"({x[3]} if {x[0]} {x[1]} {x[2]} else {x[4]})"
        ),
    )


def in_python(text: str, t: float) -> float:
    """Evaluate with Python's own floats: an independent opinion."""
    names = {"t": t, "progress": t / 8, "pi": math.pi, "tau": math.tau, "e": math.e, "min": min, "max": max}
    names |= {
        "abs": abs,
        "floor": math.floor,
        "round": round,
        "sqrt": math.sqrt,
        "exp": math.exp,
        "mod": lambda a, b: a % b,
    }
    names["clamp"] = lambda x, low, high: min(max(x, low), high)
    return eval(text, {"__builtins__": {}}, names)


@settings(max_examples=150, deadline=None)
@given(st.recursive(leaves, deeper, max_leaves=12))
def test_arithmetic_is_that_of_python(text):
    wanted = []
    for t in TIMES:
        try:
            value = in_python(text, float(t))
        except (ZeroDivisionError, OverflowError, ValueError):
            assume(False)
        assume(not isinstance(value, complex) and abs(value) < MAX_NUMBER)
        wanted.append(float(value))
    try:
        found = evaluate(text)
    except ValueProblem:
        assert len(text) > 400 or sum(map(text.count, "+-*/%<>(")) > 40, "only the longest are refused"
        return
    # rounding, floor and comparisons may jump where the last bit differs
    jumps = any(word in text for word in ("floor", "round", "%", "mod", "if"))
    close = np.isclose(found, wanted, rtol=1e-9, atol=1e-9)
    assert close.mean() >= (0.6 if jumps else 1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2s", 2),
        ("400ms", 0.4),
        ("45f", 1.5),
        ("4b", 2),
        ("2bars", 4),
        ("1bar", 2),
        ("beat", [0, 1, 2.5, 6, 15.8]),
        ("bar", [0, 0.25, 0.625, 1.5, 3.95]),
        ("progress", TIMES / 8),
        ("smoothstep(0, 1, t)", [0, 0.5, 1, 1, 1]),
        ("t < 1s", [1, 1, 0, 0, 0]),
        ("1 if t < 1 else 2", [1, 1, 2, 2, 2]),
        ("-2**2", -4),
        ("7 % -3", -2),
        ("1e-3", 0.001),
        ("mod(t, 1s)", TIMES % 1),
    ],
)
def test_times_and_functions(text, values):
    assert evaluate(text, tempo=120) == pytest.approx(np.broadcast_to(values, TIMES.shape))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t.real", "a dot between names is not part of the language"),
        ("(1).real", "a dot between names is not part of the language"),
        ("t.__class__", "names with __ are not part of the language"),
        ("__import__('os')", "names with __ are not part of the language"),
        ("__time_0", "names with __ are not part of the language"),
        ("open(1)", "unknown function 'open'; known are"),
        ("eval(1)", "unknown function 'eval'; known are"),
        ("sin", "sin needs brackets, such as sin(2s)"),
        ("lambda: 1", "lambda is not part of the language"),
        ("[1, 2]", "a list is not part of the language"),
        ("t[0]", "an index is not part of the language"),
        ("'text'", "expected a number, got 'text'"),
        ("f'{t}'", "a text is not part of the language"),
        ("b'x'", "expected a number, got b'x'"),
        ("True", "expected a number, got True"),
        ("1j", "expected a number, got 1j"),
        ("...", "expected a number, got Ellipsis"),
        ("(x := 1)", ":= is not part of the language"),
        ("[x for x in t]", "a comprehension is not part of the language"),
        ("max(x for x in t)", "a comprehension is not part of the language"),
        ("{1: 2}", "a map is not part of the language"),
        ("min(*t)", "* is not part of the language"),
        ("t and 1", "and/or is not part of the language"),
        ("not t", "not is not part of the language"),
        ("~t", "~ is not part of the language"),
        ("t ^ 2", "^ (write ** for powers) is not part of the language"),
        ("t // 2", "// is not part of the language"),
        ("t == 2", "== is not part of the language"),
        ("0 < t < 2", "compare two things at a time"),
        ("sin(2s)(3)", "only the functions of the language can be called"),
        ("sin(2s, 3)", "sin takes one period, such as sin(2s) or sin(4b), got 2 values"),
        ("sin()", "sin takes one period, such as sin(2s) or sin(4b), got 0 values"),
        ("sin(2s, width=1)", "unknown option 'width' of sin; known are phase"),
        ("sin(2s, **t)", "unknown option 'None' of sin; known are phase"),
        ("sin(2s, phase=1, phase=2)", "repeated option 'phase' of sin; did you mean 'phase'?"),
        ("noise(2s, seed=t)", "the seed of noise must be constant, such as seed=3"),
        ("sin(t)", "the period of sin must be constant; let phase= move instead: sin(2s, phase=t*t)"),
        ("sin(sin(1))", "the period of sin must be constant; let phase= move instead: sin(2s, phase=t*t)"),
        ("clamp(1, 2)", "clamp takes 3 values, got 2"),
        ("abs(x=1)", "abs takes 1 values, got 0"),
        ("min(1)", "min takes 2 to 8 values, got 1"),
        ("1e400", "expected a number of at most 1e+12"),
        ("9" * 400, "expected a number of at most 1e+12"),
        ("0.6 +", "it does not read as an expression such as 0.6 + 0.4*sin(2s)"),
        ("t; t", "it does not read as"),
        ("import os", "it does not read as"),
        ("t = 2", "it does not read as"),
        ("t\nt", "it does not read as"),
        ("((((", "it does not read as"),
        ("t\x00", "it does not read as"),
        ("2s3", "it does not read as"),
        ("yield", "it does not read as"),
        ("await t", "await is not part of the language"),
    ],
)
def test_what_is_not_part_of_the_language(text, said):
    with pytest.raises(ValueProblem) as error:
        evaluate(text)
    assert str(error.value).startswith(f"in expression {text!r}: {said}")


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9**9",
        "(((9**99)**99)**99)**99",
        "10**400",
        "-" * 480 + "1",
        "(" * 240 + "1" + ")" * 240,
        "+".join(["t"] * 240),
        "sqrt(-1)",
        "1/0",
        "0/0",
        "exp(exp(exp(t)))",
        "x" * 5000,
        "1" * 499,
        "if" * 100,
        "\\",
        "'" * 100,
        "#" * 100,
    ],
)
def test_harmless_and_quick(text):
    start = time.perf_counter()
    with pytest.raises(ValueProblem):
        evaluate(text)
    assert time.perf_counter() - start < 1


@settings(max_examples=200, deadline=None)
@given(st.text("t0123456789.+-*/%()<>=,[]{}':\"\\ \nsbfmieflambda_", max_size=60))
def test_any_text_is_an_expression_or_refused(text):
    try:
        values = evaluate(text)
    except ValueProblem:
        return
    assert np.isfinite(values).all()


def test_the_word_of_an_expression_is_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("__import__('os').mkdir('PWNED')", "().__class__.__bases__[0]", "exec('x')", "breakpoint()"):
        with pytest.raises(ValueProblem):
            parse_expression(text)
    assert list(tmp_path.iterdir()) == []


def test_names_are_read_and_time_literals_are_none():
    assert parse_expression("kick*2s + 3b - sin(4s, phase=snare)").names == {"kick", "snare"}
    assert all(parse_expression(f"{name}(2s)").names == set() for name in OSCILLATORS)


def test_an_expression_without_a_value_outside_its_entry_is_nobodys_business(tmp_path):
    found = values_of(tmp_path, "sqrt(t - 2)", [1, 2, 3, 7], options="from: 2s")
    assert found.tolist() == [0, 0, 1, math.sqrt(5)]
    assert said_of(tmp_path, "sqrt(t - 2)") == "in expression 'sqrt(t - 2)': expected a finite number, got nan at 0s"


def test_every_frame_is_tried_before_the_first(tmp_path):
    said = said_of(tmp_path, "1/(t - 4.1)", "duration: 8s\nfps: 10")
    assert said == "in expression '1/(t - 4.1)': expected a finite number, got inf at 4.1s"
