"""Weights as files of arrays, by other libraries' own readers too."""

import json
import math
import os
import struct

import pytest

import nn

SUFFIXES = [".npz", ".safetensors", ".json"]


def needs(suffix):
    if suffix == ".npz":
        pytest.importorskip("numpy")


@pytest.fixture
def model():
    model = nn.MLP(2, [3, 1], rng=0)
    for parameter, x in zip(model.parameters(), [math.inf, -0.0, 5e-324, 1e308, 0.1], strict=False):
        parameter.data = x
    return model


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_weights_come_back_to_the_last_bit(tmp_path, model, suffix):
    needs(suffix)
    path = tmp_path / f"weights{suffix}"
    model.save(path)
    other = nn.MLP(2, [3, 1], rng=1)
    other.load(path)
    assert {k: x.hex() for k, x in other.state_dict().items()} == {
        k: x.hex() for k, x in model.state_dict().items()
    }
    again = tmp_path / f"again{suffix}"
    nn.state.save(other, again)
    assert again.read_bytes() == path.read_bytes()


def test_buffers_are_in_them_too(tmp_path):
    for suffix in SUFFIXES[1:]:
        norm = nn.BatchNorm(2)
        norm([[1.0, 2.0], [3.0, 5.0]])
        norm.save(tmp_path / f"norm{suffix}")
        other = nn.BatchNorm(2)
        other.load(tmp_path / f"norm{suffix}")
        assert other.state_dict() == norm.state_dict()


def test_numpy_reads_them(tmp_path, model):
    np = pytest.importorskip("numpy")
    model.save(tmp_path / "weights.npz")
    with np.load(tmp_path / "weights.npz") as found:
        assert {name: float(found[name]) for name in found} == model.state_dict()
    np.savez(tmp_path / "theirs.npz", **{name: np.float32(0.5) for name in model.state_dict()})
    model.load(tmp_path / "theirs.npz")
    assert set(model.state_dict().values()) == {0.5}


def test_safetensors_reads_them_and_its_files_are_read(tmp_path, model):
    np = pytest.importorskip("numpy")
    numpy = pytest.importorskip("safetensors.numpy")
    model.save(tmp_path / "weights.safetensors")
    found = numpy.load_file(tmp_path / "weights.safetensors")
    assert {name: float(x) for name, x in found.items()} == model.state_dict()
    assert {(x.dtype.name, x.shape) for x in found.values()} == {("float64", ())}
    for kind in (np.float64, np.float32, np.float16):
        theirs = {name: np.array([1.5], kind) for name in model.state_dict()}
        numpy.save_file(theirs, tmp_path / "theirs.safetensors", metadata={"a": "b"})
        model.load(tmp_path / "theirs.safetensors")
        assert set(model.state_dict().values()) == {1.5}


def test_torch_reads_them(tmp_path, model):
    pytest.importorskip("torch")
    torch = pytest.importorskip("safetensors.torch")
    model.save(tmp_path / "weights.safetensors")
    found = torch.load_file(tmp_path / "weights.safetensors")
    assert {name: x.item() for name, x in found.items()} == model.state_dict()


def written(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(**other):
    return {"dtype": "F64", "shape": [], "data_offsets": [0, 8]} | other


BAD = {
    "empty.safetensors": b"",
    "short.safetensors": struct.pack("<Q", 100) + b"{}",
    "huge.safetensors": struct.pack("<Q", 2**63) + b"{}",
    "list.safetensors": written([1]),
    "letters.safetensors": written(b"\xff\xfe"),
    "broken.safetensors": written(b"{"),
    "deep.safetensors": written(b"[" * 100_000),
    "outside.safetensors": written({"w0": entry(data_offsets=[0, 16])}, bytes(8)),
    "backwards.safetensors": written({"w0": entry(data_offsets=[8, 0])}, bytes(8)),
    "several.safetensors": written({"w0": entry(shape=[2], data_offsets=[0, 16])}, bytes(16)),
    "none.safetensors": written({"w0": entry(shape=[0], data_offsets=[0, 0])}),
    "negative.safetensors": written({"w0": entry(shape=[-1, -1])}, bytes(8)),
    "kind.safetensors": written({"w0": entry(dtype="I64")}, bytes(8)),
    "words.safetensors": written({"w0": "F64"}),
    "missing.safetensors": written({"b": entry()}, bytes(8)),
    "long.safetensors": written({"w0": entry(data_offsets=[0, 16])}, bytes(16)),
    "empty.npz": b"",
    "text.npz": b"hello",
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_file_is_refused_and_changes_nothing(tmp_path, name):
    needs(os.path.splitext(name)[1])
    path = tmp_path / name
    path.write_bytes(BAD[name])
    neuron = nn.Neuron(1, bias=False, rng=0)
    before = neuron.state_dict()
    with pytest.raises(ValueError, match=name):
        neuron.load(path)
    assert neuron.state_dict() == before


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_every_cut_and_every_flipped_byte_is_refused_or_read(tmp_path, suffix):
    needs(suffix)
    neuron = nn.Neuron(1, rng=0)
    path = tmp_path / f"weights{suffix}"
    neuron.save(path)
    whole = path.read_bytes()
    changed = [whole[:n] for n in range(0, len(whole), 7)]
    changed += [whole[:n] + bytes([whole[n] ^ 0xFF]) + whole[n + 1 :] for n in range(0, len(whole), 5)]
    for data in changed:
        path.write_bytes(data)
        try:
            neuron.load(path)
        except ValueError as error:
            assert str(path) in str(error)


def test_an_archive_that_unpacks_to_too_much_or_holds_objects_is_refused(tmp_path):
    np = pytest.importorskip("numpy")
    path = tmp_path / "weights.npz"
    np.savez_compressed(path, w0=np.zeros(10_000_000))
    with pytest.raises(ValueError, match="unpacks to more than"):
        nn.Neuron(1).load(path, limit=1_000_000)
    np.savez_compressed(path, w0=np.arange(1000.0))
    data = path.read_bytes()
    path.write_bytes(data[:100] + bytes(50) + data[150:])
    with pytest.raises(ValueError, match="weights.npz"):
        nn.Neuron(1).load(path)
    np.savez(path, w0=np.array([{}], object))
    with pytest.raises(ValueError, match="weights.npz"):
        nn.Neuron(1).load(path)
    np.savez(path, w0=np.array(1j), b=np.array(1.0))
    with pytest.raises(ValueError, match="a parameter is a real number"):
        nn.Neuron(1).load(path)
