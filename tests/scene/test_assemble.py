from __future__ import annotations

from pathlib import Path

import pytest

from renderer import SceneError, load_scene
from renderer.scene.assemble import assemble
from tests.scene.command import STILL, check, run


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "scene.yaml"


def whole(path: Path, *settings: str) -> dict:
    tree, problems = assemble(path, settings)
    assert problems == []
    return tree.plain


def refused(path: Path, *settings: str) -> list[str]:
    with pytest.raises(SceneError) as error:
        load_scene(path, settings)
    return [str(problem).replace(f"{path.parent}/", "") for problem in error.value.problems]


# include


def test_maps_of_names_join_and_all_else_is_replaced(tmp_path):
    scene = write(
        tmp_path,
        base="seed: 3\nfps: 24\nvars: {a: 1, b: 2}\nmarkers: {x: 1s}\npsi: {0s: 0, 2s: 1}\n"
        "defaults: {walk: {ease: linear}}\n"
        "output: {file: a.gif, fps: 5}\n",
        scene="include: base.yaml\nseed: 4\nvars: {b: 3}\nmarkers: {y: 2s}\npsi: {1s: 0.5}\n"
        "defaults: {walk: {interp: lerp}}\noutput: {file: b.mp4}\n" + STILL,
    )
    assert whole(scene) == {
        "seed": 4,
        "fps": 24,
        "vars": {"a": 1, "b": 3},
        "markers": {"x": "1s", "y": "2s"},
        "psi": {"1s": 0.5},
        "defaults": {"walk": {"ease": "linear", "interp": "lerp"}},
        "output": {"file": "b.mp4"},
        "timeline": [{"walk": {"keys": 3, "ease": "linear", "interp": "lerp"}}],
    }


def test_timelines_follow_each_other_and_an_id_replaces(tmp_path):
    scene = write(
        tmp_path,
        base="timeline: [{id: a, walk: {keys: 1}}, {psi-ramp: {psi: 1}}]\n",
        scene="include: [base.yaml]\ntimeline: [{jitter: {}}, {id: a, walk: {keys: 2}}, {id: b, walk: {keys: 3}}]\n",
    )
    assert whole(scene)["timeline"] == [
        {"id": "a", "walk": {"keys": 2}},
        {"psi-ramp": {"psi": 1}},
        {"jitter": {}},
        {"id": "b", "walk": {"keys": 3}},
    ]


def test_includes_of_includes_from_nested_folders(tmp_path):
    scene = write(
        tmp_path,
        parts__inner="seed: 1\nfps: 10\n",
        parts__outer="include: inner.yaml\nseed: 2\n",
        other="fps: 12\n",
        scene="include: [parts/outer.yaml, other.yaml]\n" + STILL,
    )
    assert whole(scene) == {"seed": 2, "fps": 12, "timeline": [{"walk": {"keys": 3}}]}


def test_a_problem_is_said_of_the_file_it_stands_in(tmp_path):
    write(
        tmp_path,
        base="seed: 1\nfsp: 10\ntimeline: [{walk: {keys: 1, ease: fast-in}}]\n",
        scene="include: base.yaml\nsede: 3\n",
    )
    said = run(tmp_path, "check", "scene.yaml").lines
    assert [line.split(" ")[0] for line in said] == ["base.yaml:2:1:", "base.yaml:3:35:", "scene.yaml:2:1:"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"scene": "include: scene.yaml\n"},
            "scene.yaml:1:10: include: scenes include each other in a circle: scene.yaml -> scene.yaml",
        ),
        (
            {"a": "include: [b.yaml]\n", "b": "include: a.yaml\n", "scene": "include: a.yaml\n"},
            "b.yaml:1:10: include: scenes include each other in a circle: scene.yaml -> a.yaml -> b.yaml -> a.yaml",
        ),
        (
            {"base": "", "scene": "include: bsae.yaml\n"},
            "scene.yaml:1:10: include: no such scene: bsae.yaml; did you mean 'base.yaml'?",
        ),
        ({"scene": "include: [3]\n"}, "scene.yaml:1:11: include: expected the name of a scene file, got 3"),
        ({"scene": f"include: {'a' * 300}\n"}, f"scene.yaml:1:10: include: no such scene: {'a' * 300}"),
        ({"scene": "include: nowhere/base.yaml\n"}, "scene.yaml:1:10: include: no such scene: nowhere/base.yaml"),
        (
            {"base": "a: [", "scene": "include: base.yaml\n"},
            "base.yaml:1:5: the text ends in the middle; a bracket is not closed",
        ),
    ],
)
def test_includes_that_cannot_be(tmp_path, files, said):
    write(tmp_path, **files)
    assert run(tmp_path, "check", "scene.yaml").lines == [said]


def test_includes_without_end(tmp_path):
    files = {f"f{i}": f"include: [f{i + 1}.yaml, f{i + 1}.yaml]\n" for i in range(12)}
    write(tmp_path, **files, f12="seed: 1\n", scene="include: f0.yaml\n" + STILL)
    assert run(tmp_path, "check", "scene.yaml").lines[0].endswith("include: expected at most 100 included scenes")


# vars


def test_a_text_that_is_one_variable_takes_its_value_and_type(tmp_path):
    scene = write(
        tmp_path,
        scene="vars: {n: 24, on: true, keys: {0s: 3, 2s: 4}, name: film, both: '${name}-${n}', again: '${keys}'}\n"
        "fps: ${n}\nloop: ${ on }\noutput: ['${both}.mp4', 'a${on}b.gif']\ntimeline: [{walk: {keys: '${again}'}}]\n",
    )
    data = whole(scene)
    assert data["fps"] == 24
    assert data["loop"] is True
    assert data["output"] == ["film-24.mp4", "atrueb.gif"]
    assert data["timeline"][0]["walk"]["keys"] == {"0s": 3, "2s": 4}


def test_several_wrong_variables_are_all_said_and_nothing_that_follows(tmp_path):
    text = "vars: {a: '${b}', song: x}\nseed: ${sede}\nfps: ${a}\naudio: ${sung}\n"
    text += "timeline: [{walk: {keys: '${a}'}}]\nsede: 1\n"
    assert check(tmp_path, text).lines == [
        "scene.yaml:1:11: vars.a: unknown variable 'b'; known are a, song",
        "scene.yaml:2:7: seed: unknown variable 'sede'; known are a, song",
        "scene.yaml:4:8: audio: unknown variable 'sung'; did you mean 'song'?",
        "scene.yaml:6:1: sede: unknown key 'sede'; did you mean 'seed'?",
    ]


@pytest.mark.parametrize("doubled", ["${below}${below}", "['${below}', '${below}']"])
def test_variables_that_unfold_without_end(tmp_path, doubled):
    rows = [f"  a{i}: {doubled.replace('below', f'a{i - 1}')}\n" for i in range(1, 30)]
    said = check(tmp_path, f"vars:\n  a0: [1, 2]\n{''.join(rows)}".replace("[1, 2]", "word") + STILL).lines
    assert said == ["scene.yaml:2:3: vars: the variables unfold to more than 1000000 characters"]


# defaults


def test_defaults_lie_below_every_entry_of_their_effect(tmp_path):
    scene = write(
        tmp_path,
        scene="defaults: {walk: {keys: 1-4, interp: lerp}, jitter: {amount: 0.1}}\n"
        "timeline: [walk, {walk: }, {walk: {interp: spline}}, {psi-ramp: {psi: 1}}]\n",
    )
    found = [entry.effect for entry in load_scene(scene).timeline]
    assert [effect.interp for effect in found[:3]] == ["lerp", "lerp", "spline"]
    assert all(len(effect.keys.keys) == 4 for effect in found[:3])


def test_a_wrong_default_is_said_once_and_where_it_stands(tmp_path):
    text = "defaults:\n  walk: {ease: fats, interp: lurp, keys: 1-2}\ntimeline: [walk, walk, {walk: {kyes: 3}}]\n"
    said = [line[:60] for line in check(tmp_path, text).lines]
    assert said == [
        "scene.yaml:2:16: timeline[0].walk.ease: unknown easing 'fats",
        "scene.yaml:2:30: defaults.walk.interp: expected 'slerp', 'le",
        "scene.yaml:3:32: timeline[2].walk.kyes: unknown key 'kyes'; ",
    ]


# --set


def test_settings(tmp_path):
    scene = write(
        tmp_path,
        scene="vars: {song: a.ogg}\nmarkers: {drop: '${song}'}\n" + STILL + "signals:\n",
    )
    data = whole(
        scene,
        "vars.song=2s",
        "timeline.0.walk.keys={0s: 1, 2s: 2}",
        "signals.a.0s=3",
        "loop=true",
        "model=",
        "fps=23.976",
    )
    assert data == {
        "vars": {"song": "2s"},
        "markers": {"drop": "2s"},
        "timeline": [{"walk": {"keys": {"0s": 1, "2s": 2}}}],
        "signals": {"a": {"0s": 3}},
        "loop": True,
        "model": None,
        "fps": 23.976,
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("seed", "--set seed: expected a setting such as vars.song=x.ogg or seed=3"),
        ("=3", "--set =3: expected a setting such as vars.song=x.ogg or seed=3"),
        ("a..b=3", "--set a..b=3: expected a setting such as vars.song=x.ogg or seed=3"),
        ("include=a.yaml", "--set include=a.yaml: include cannot be set; name the other scene in the file"),
        ("timeline.3.walk=1", "--set timeline.3.walk=1: there is no 3 in the list; it counts 0 to 0"),
        ("timeline.walk=1", "--set timeline.walk=1: there is no 'walk' in the list; it counts 0 to 0"),
        ("model.size=1", "--set model.size=1: there is no 'size' to set in 'bloom'"),
        (
            "fps=[1",
            "--set fps=[1: expected a comma or ]; close the bracket, or quote a text that holds brackets or commas",
        ),
        (
            "size=big",
            "--set size=big: size: expected a size in pixels such as 512, [1080, 1920] or 1080x1920, got 'big'",
        ),
        ("sede=3", "--set sede=3: sede: unknown key 'sede'; did you mean 'seed'?"),
        (
            "timeline.0.walk.interp=lurp",
            "--set timeline.0.walk.interp=lurp: timeline[0].walk.interp: expected 'slerp', "
            "'lerp' or 'spline', got 'lurp'; did you mean 'lerp'?",
        ),
    ],
)
def test_bad_settings(tmp_path, setting, said):
    result = check(tmp_path, "model: bloom\n" + STILL, "--set", setting)
    assert (result.code, result.lines) == (2, [said])
