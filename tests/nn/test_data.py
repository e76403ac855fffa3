import math
import random

import numpy as np
import pytest

from nn import data

MAKERS = [data.make_moons, data.make_circles, data.make_spiral, data.make_xor, data.make_regression]


@pytest.mark.parametrize("make", MAKERS)
def test_same_seed_same_bits(make):
    for a, b in zip(make(30, rng=3), make(30, rng=random.Random(3)), strict=True):
        assert (a == b).all()
    assert (make(30, rng=3)[0] != make(30, rng=4)[0]).any()
    x, y = make(31)
    assert len(x) == len(y) == 31


def test_moons_lie_on_their_circles():
    x, y = data.make_moons(101, 0.0, rng=0)
    outer, inner = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*outer.T), 1.0)
    np.testing.assert_allclose(np.hypot(inner[:, 0] - 1.0, inner[:, 1] - 0.5), 1.0)
    assert (outer[:, 1] >= -1e-12).all()
    assert (inner[:, 1] <= 0.5 + 1e-12).all()
    assert (len(outer), len(inner)) == (50, 51)


def test_circles_have_their_radii():
    x, y = data.make_circles(40, 0.0, factor=0.25)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1.0, 0.25))
    with pytest.raises(ValueError, match="factor"):
        data.make_circles(40, factor=2.0)


def test_spiral_is_that_of_the_reference_system():
    x, y = data.make_spiral(300, 0.0)
    for j in range(3):
        arm = x[y == j]
        r, t = np.linspace(0, 1, 100), np.linspace(4 * j, 4 * (j + 1), 100)
        np.testing.assert_allclose(arm, np.c_[r * np.sin(t), r * np.cos(t)], atol=1e-15)
    noisy, _ = data.make_spiral(3000, rng=1)
    clean, _ = data.make_spiral(3000, 0.0)
    np.testing.assert_allclose(np.hypot(*noisy.T), np.hypot(*clean.T), atol=1e-15)
    angle = np.angle((noisy @ [1j, 1]) / np.where(abs(clean @ [1j, 1]) > 0, clean @ [1j, 1], 1))
    assert angle.std() == pytest.approx(0.2, rel=0.1)


def test_regression_is_linear_up_to_its_noise():
    x, y = data.make_regression(200, 3, noise=0.01, rng=2)
    design = np.c_[x, np.ones(200)]
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert residual.std() == pytest.approx(0.01, rel=0.2)


def test_xor_has_four_corners():
    x, y = data.make_xor(400, 0.01)
    assert ((np.round(x[:, 0]) != np.round(x[:, 1])) == y).all()


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_bad_sizes_are_refused(make, n):
    with pytest.raises(ValueError, match="samples"):
        make(n)


def test_batches_hold_each_sample_once():
    x, y = list(range(10)), [10 * i for i in range(10)]
    got = list(data.batches(x, y, 4, rng=random.Random(1)))
    assert [len(a) for a, _ in got] == [4, 4, 2]
    assert sorted(v for a, _ in got for v in a) == x
    assert all(b == 10 * a for xs, ys in got for a, b in zip(xs, ys, strict=True))
    assert got == list(data.batches(x, y, 4, rng=1))
    arrays = list(data.batches(np.array(x), np.array(y), shuffle=False))
    assert len(arrays) == 1
    assert (arrays[0][0] == x).all()


@pytest.mark.parametrize("size", [0, -1, 2.0, True])
def test_bad_batch_sizes_are_refused(size):
    with pytest.raises(ValueError, match="batch_size"):
        list(data.batches([1], [1], size))


def test_unequal_or_empty_data_is_refused():
    with pytest.raises(ValueError, match="2 samples but 1 targets"):
        list(data.batches([1, 2], [1]))
    with pytest.raises(ValueError, match="empty"):
        list(data.batches([], []))


def test_split():
    x = np.arange(20).reshape(10, 2)
    a, b, c, d = data.train_test_split(x, list(range(10)), 0.3, rng=1)
    assert (len(a), len(b), len(c), len(d)) == (7, 3, 7, 3)
    assert sorted([*c, *d]) == list(range(10))
    assert (a[:, 0] == 2 * np.array(c)).all()
    assert len(data.train_test_split(x, x, 4)[1]) == 4
    for bad in (0.0, 1.0, 10, 0.01):
        with pytest.raises(ValueError, match="leaves nothing"):
            data.train_test_split(x, x, bad)


def test_one_hot():
    assert data.one_hot(np.array([1, 0]), 3) == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    assert data.one_hot([]) == []
    for bad, message in (([-1], "from 0"), ([0.5], "whole"), ([3], "classes 0 to 1")):
        with pytest.raises(ValueError, match=message):
            data.one_hot(bad, 2)


def write(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "x", "y", "classes"),
    [
        ("1,2,0\n3,4,1\n", [[1, 2], [3, 4]], [0, 1], []),
        ("a;b;kind\r\n1;2;yes\r\n\r\n3;4;no\r\n", [[1, 2], [3, 4]], [1, 0], ["no", "yes"]),
        ("\ufeffa\ty\n1e-3\t0.5\n-2\t2\n", [[0.001], [-2]], [0.5, 2], []),
        ('"width, cm",y\n1,2\n', [[1]], [2], []),
        ("1,rose\n2,lily", [[1], [2]], [1, 0], ["lily", "rose"]),
        ("1,1_0\n2,2_0\n", [[1], [2]], [0, 1], ["1_0", "2_0"]),
        ('1,ro\u2028se\n2,"li\nly"\n', [[1], [2]], [1, 0], ["li\nly", "ro\u2028se"]),
    ],
)
def test_csv_of_many_habits(tmp_path, text, x, y, classes):
    table = data.read_csv(write(tmp_path, text))
    assert table.x.tolist() == x
    assert table.y.tolist() == y
    assert table.classes == classes


def test_csv_target_by_name_place_or_none(tmp_path):
    path = write(tmp_path, "y,a,b\n1,2,3\n0,5,6\n")
    assert data.read_csv(path, target="y").features == ["a", "b"]
    assert data.read_csv(path, target=0).y.tolist() == [1, 0]
    table = data.read_csv(path, target=None)
    assert table.x.shape == (2, 3)
    assert table.y is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n1,2\n3,x\n", r"line 3, column 2 \(b\): 'x' is not a finite number, though other targets"),
        ("a,b\n1,2\nfoo,3\n", r"line 3, column 1 \(a\): 'foo' is not a finite number"),
        ("a;b\n1,5;2\n", r"line 2, column 1 \(a\): '1,5' has a decimal comma; write a decimal point"),
        ("a;b\n1;1,5\n2;2,5\n", r"line 2, column 2 \(b\): '1,5' has a decimal comma"),
        ("a,b\n1_0,2\n", r"line 2, column 1 \(a\): '1_0' is not a finite number"),
        ("a,b\n1,2\n,3\n", r"line 3, column 1 \(a\): the cell is empty"),
        ("a,b\n1,2\n3,\n", r"line 3, column 2 \(b\): the target is empty"),
        ("a,b\n1,2\nnan,3\n", r"line 3, column 1 \(a\): 'nan' is not a finite"),
        ("a,b\n1,2\n1,inf\n", "'inf' is not a finite number"),
        ("a,b\n1,2\n1,2,3\n", "line 3: 3 cells, but the first line has 2"),
        ("1\n2\n", "no column of features"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a,b\n1,"2\n', "line 2"),
        (b"a,b\n1,\xff\n", "not text in UTF-8"),
        (b"a,b\n1,\x00\n", "zero byte"),
    ],
)
def test_bad_csv_names_line_and_column(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        data.read_csv(write(tmp_path, text))


def test_unknown_target_columns_are_refused(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n")
    with pytest.raises(ValueError, match="no column 'c'; its columns are a, b"):
        data.read_csv(path, target="c")
    with pytest.raises(ValueError, match="none at place 5"):
        data.read_csv(path, target=5)
    for column in (1.5, True, ["a"], None):
        with pytest.raises(TypeError, match="a column is its name or its place"):
            data.read_csv(path, features=[column])
    with pytest.raises(TypeError, match="features must be a list, a tuple or an array, got str"):
        data.read_csv(path, features="a")
    with pytest.raises(ValueError, match="no column .*; its columns are column 1, column 2"):
        data.read_csv(write(tmp_path, "1,2\n"), target="c")


def test_moons_are_balanced_around_their_middle():
    x, _ = data.make_moons(1000, 0.0)
    assert math.isclose(x[:, 0].mean(), 0.5, abs_tol=1e-9)
