"""Tables of labels are read as people write them, and what is wrong with one is told by its line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer.directions.labels import from_scorer, from_table
from renderer.errors import LatentFileError
from renderer.timeline.sources import seed_to_z


@pytest.fixture
def table(tmp_path):
    def write(text, name="labels.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_seeds_with_numbers(bloom, table):
    found = from_table(table("seed, psi, age\n3, 1, 20\n5, 0.5, 31.5\n3, 0, 44\n"), bloom, "w")
    assert found.labels.tolist() == [20, 31.5, 44]
    assert (found.name, found.origin, found.classes) == ("age", "labels.csv, age", ())
    w = bloom.map(seed_to_z(3, 64))[0, 0]
    torch.testing.assert_close(found.latents[0], w)
    torch.testing.assert_close(found.latents[2], bloom.generator.w_avg)
    assert (
        from_table(table("seed,age\n3,1\n4,2\n5,3\n"), bloom, "z").latents.tolist()[0] == seed_to_z(3, 64)[0].tolist()
    )


def test_two_classes_and_one_of_many(bloom, table):
    found = from_table(table("seed,smile\n1,yes\n2,no\n3,yes\n"), bloom, "w")
    assert (found.labels.tolist(), found.classes) == ([1, 0, 1], ("no", "yes"))
    assert from_table(table("seed,glasses\n1,0\n2,1\n"), bloom, "w").classes == ("0", "1")
    assert from_table(table("seed,a\n1,-1\n2,1\n"), bloom, "w").classes == ("-1", "1")
    one = from_table(table("seed,hair\n1,red\n2,dark\n3,fair\n"), bloom, "w", positive="red")
    assert (one.labels.tolist(), one.classes) == ([1, 0, 0], ("not red", "red"))
    other = from_table(table("seed,smile\n1,yes\n2,no\n"), bloom, "w", positive="no")
    assert other.labels.tolist() == [0, 1]


def test_files_of_latents(bloom, table, tmp_path):
    ws = torch.randn(3, 14, 64)
    np.savez(tmp_path / "me.npz", ws=ws.numpy())
    np.save(tmp_path / "one.npy", np.ones(64, np.float32))
    found = from_table(table("file,young\nme.npz[2],1\none.npy,0\n"), bloom, "w+")
    torch.testing.assert_close(found.latents[0], ws[2])
    assert found.latents.shape == (2, 14, 64)
    found = from_table(table("file,index,young\nme.npz,1,1\none.npy,,0\n"), bloom, "w+")
    torch.testing.assert_close(found.latents[0], ws[1])


def test_pictures_whose_latents_lie_beside_them(bloom, table, tmp_path):
    """As `render dataset` and `render project` leave them: an index of shards, and a file for each photo."""
    shard, photo = np.random.RandomState(4).randn(5, 64), np.random.RandomState(5).randn(14, 64)
    (tmp_path / "set").mkdir()
    np.savez(tmp_path / "set" / "shard-0.npz", w=shard.astype(np.float32))
    np.savez(tmp_path / "anna.npz", ws=photo.astype(np.float32))
    (tmp_path / "set" / "index.csv").write_text("image,file,index,seed\n0.png,shard-0.npz,3,\n1.png,,,7\n")
    text = "file,young\nset/0.png,1\nset/1.png,0\nanna.jpg,1\n"
    found = from_table(table(text), bloom, "w+").latents
    np.testing.assert_allclose(found[0], np.broadcast_to(shard[3], (14, 64)), rtol=1e-6)
    torch.testing.assert_close(found[1], bloom.map(seed_to_z(7, 64))[0])
    np.testing.assert_allclose(found[2], photo, rtol=1e-6)
    (tmp_path / "set" / "index.csv").write_text("seed,psi,name,shard,young\n9,1,000000009,00000.tar,0\n3,1,a,b,1\n")
    own = from_table(tmp_path / "set" / "index.csv", bloom, "w")
    assert (own.name, own.labels.tolist()) == ("young", [0, 1])
    again = from_table(table("file,young\nset/000000009.png,1\nanna.jpg,0\n"), bloom, "w+").latents
    torch.testing.assert_close(again[0, 0], own.latents[0])
    (tmp_path / "set" / "index.csv").write_text("image,file\n0.png,0.png\n1.png,\n")
    for picture in ("0.png", "1.png"):
        with pytest.raises(
            LatentFileError, match=r"index.csv tells neither a seed nor a file of latents for " + picture
        ):
            from_table(table(f"file,young\nset/{picture},1\n"), bloom, "w+")
    with pytest.raises(LatentFileError, match=r"labels.csv:2: the latent of 9.png is not known; expected 9.npz beside"):
        from_table(table("file,young\nset/9.png,1\n"), bloom, "w+")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("seed,a\n", None, "labels.csv: expected a header such as .* found no rows"),
        ("", None, "found no rows"),
        ("a,b\n1,2\n", None, "expected one column called seed or file; it has a, b"),
        ("seed,a,b\n1,2,3\n", None, "expected one column of labels beside seed; it has a, b; say which by --column"),
        ("seed\n1\n", None, "it has no other column"),
        ("seed,smile\n1,2\n", "smlie", "no column of labels called 'smlie'; did you mean 'smile'"),
        ("seed,a\n1,2\nx,3\n", None, "labels.csv:3: seed: expected a number, got 'x'"),
        ("seed,a\n1,2\n-4,3\n", None, "labels.csv:3: expected a seed, a whole number from 0 on, got -4"),
        ("seed,a\n1,2\n4,\n", None, "labels.csv:3: a: expected a label, got an empty cell"),
        ("seed,a\n1,2\n4\n", None, "labels.csv:3: expected 2 cells"),
        ("seed,a\n1,2\n4,5,6\n", None, "labels.csv:3: expected 2 cells"),
        ("seed,a\n1,yes\n2,yes\n", None, "at least two different labels, but all 2 are 'yes'"),
        ("seed,a\n1,x\n2,y\n3,z\n", None, r"3 classes \(x, y, z\); say which is meant by --positive"),
        ("seed,a\n,1\n2,2\n", None, "labels.csv:2: seed: expected a seed, got an empty cell"),
        ("seed,psi,a\n1,q,2\n", None, "labels.csv:2: psi: expected a number, got 'q'"),
        ("file,a\nyou.npz,2\n", None, "labels.csv:2: no such file: you.npz"),
        ("file,a\nme.npz,2\n", None, r"labels.csv:2: me.npz holds 3 latents; say which, such as me.npz\[0\]"),
        ("file,a\nme.npz[3],2\n", None, r"labels.csv:2: me.npz holds 3 latents"),
        ("file,a\nme.npz[0],2\n", None, r"labels.csv:2: me.npz: the layers of this latent differ; fit in w\+"),
        ("file,a\nwide.npz,2\n", None, r"wide.npz: holds \[1, 99\], but this model wants"),
    ],
)
def test_what_is_wrong_is_told_by_its_line(bloom, table, tmp_path, text, column, message):
    np.savez(tmp_path / "me.npz", ws=np.random.RandomState(0).randn(3, 14, 64).astype(np.float32))
    np.savez(tmp_path / "wide.npz", w=np.ones((1, 99), np.float32))
    with pytest.raises(LatentFileError, match=message):
        from_table(table(text), bloom, "w", column)


def test_tables_that_are_none(bloom, tmp_path):
    with pytest.raises(LatentFileError, match=r"missing.csv: not a readable table of labels: No such file"):
        from_table(tmp_path / "missing.csv", bloom, "w")
    (tmp_path / "binary.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(LatentFileError, match=r"binary\.csv: not a readable table of labels"):
        from_table(tmp_path / "binary.csv", bloom, "w")
    (tmp_path / "a.csv").write_text("seed,a\n1,x\n2,y\n")
    with pytest.raises(LatentFileError, match="no label is 'z'"):
        from_table(tmp_path / "a.csv", bloom, "w", positive="z")


def test_a_scorer_sees_pictures_in_batches(bloom):
    sizes = []

    def score(images):
        assert images.shape[1:] == (3, 32, 32)
        assert 0 <= float(images.min()) < float(images.max()) <= 1
        sizes.append(len(images))
        return images.mean((1, 2, 3))

    told = []
    found = from_scorer("mean", score, bloom, "w", range(7, 27), progress=told.append)
    assert (sum(sizes), max(sizes), sum(told)) == (20, bloom.batch, 20)
    torch.testing.assert_close(found.latents[3], bloom.map(seed_to_z(10, 64))[0, 0])
    alone = score(bloom.images(bloom.map(seed_to_z(10, 64))))
    assert found.labels[3] == pytest.approx(float(alone), abs=1e-4)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda images: images.mean(), "scorer odd: expected 8 finite numbers for as many pictures"),
        (lambda images: images.mean((1, 2, 3)) * float("nan"), "expected 8 finite numbers"),
        (lambda images: images.new_ones(len(images)), "all 16 pictures get 1; there is nothing to fit"),
    ],
)
def test_a_scorer_that_tells_nothing(bloom, score, message):
    with pytest.raises(LatentFileError, match=message):
        from_scorer("odd", score, bloom, "w", range(16))


def test_bundled_scorers():
    from renderer.job import plugins

    scorers = plugins().scorers
    grey, colours = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, 3, 8, 8)
    colours[:, 0, :4], colours[:, 2, 4:] = 1, 1
    assert float(scorers["brightness"](grey)) == pytest.approx(0.5)
    assert float(scorers["brightness"](colours)) == pytest.approx((0.2126 + 0.0722) / 2, abs=1e-6)
    assert float(scorers["colourfulness"](grey)) < 1e-3 < float(scorers["colourfulness"](colours))
