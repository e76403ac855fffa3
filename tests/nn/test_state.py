import errno
import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import nn
from nn import state

ROOT = Path(__file__).parents[2]


def model(seed=0):
    return nn.MLP(2, [3, 1], rng=seed)


def test_numbers_come_back_to_the_last_bit(tmp_path):
    m = model()
    for p, x in zip(
        m.parameters(),
        (0.1, 1 / 3, 5e-324, -0.0, 1.7976931348623157e308, math.nan, math.inf, -math.inf),
        strict=False,
    ):
        p.data = x
    m.save(tmp_path / "w.json")
    other = model(1)
    other.load(tmp_path / "w.json")
    assert [repr(p.data) for p in other.parameters()] == [repr(p.data) for p in m.parameters()]
    document = json.loads((tmp_path / "w.json").read_text())
    assert (document["format"], document["version"]) == ("chainrule-weights", 1)
    assert document["parameters"]["layer0.n1.b"] == "nan"


def damaged(change):
    def make(path):
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return make


BAD = {
    "not JSON": (lambda path: path.write_text("{"), "not JSON"),
    "empty": (lambda path: path.write_text(""), "not JSON"),
    "another format": (damaged(lambda d: d.update(format="chainrule-graph")), "but of 'chainrule-graph'"),
    "no format": (damaged(lambda d: d.pop("format")), "not a file of 'chainrule-weights'"),
    "a list": (lambda path: path.write_text("[1, 2]"), "not a file of"),
    "a later version": (
        damaged(lambda d: d.update(version=2)),
        "its version is 2, and this release reads version 1",
    ),
    "no parameters": (damaged(lambda d: d.pop("parameters")), "'parameters' is missing"),
    "a missing name": (damaged(lambda d: d["parameters"].pop("layer0.n0.w0")), "lacks 'layer0.n0.w0'"),
    "an unknown name": (damaged(lambda d: d["parameters"].update(extra=1.0)), "has unknown 'extra'"),
    "a string": (
        damaged(lambda d: d["parameters"].update({"layer1.n0.b": "1.0"})),
        "parameter 'layer1.n0.b': expected a number",
    ),
    "a list of numbers": (
        damaged(lambda d: d["parameters"].update({"layer1.n0.b": [1.0]})),
        "expected a number",
    ),
    "true": (damaged(lambda d: d["parameters"].update({"layer1.n0.b": True})), "expected a number"),
    "null": (damaged(lambda d: d["parameters"].update({"layer1.n0.b": None})), "expected a number"),
    "too large": (damaged(lambda d: d["parameters"].update({"layer1.n0.b": 10**400})), "too large"),
    "bare NaN": (lambda path: path.write_text('{"format": NaN}'), "a bare NaN is not JSON"),
    "a key twice": (lambda path: path.write_text('{"a": 1, "a": 2}'), "stands twice"),
    "not UTF-8": (lambda path: path.write_bytes(b"\xff\xfe"), "not text in UTF-8"),
    "too deep": (lambda path: path.write_text("[" * 100_000), "nested too deeply"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_change_nothing(tmp_path, kind):
    path = tmp_path / "w.json"
    model(1).save(path)
    damage, message = BAD[kind]
    damage(path)
    m = model()
    before = m.state_dict()
    with pytest.raises(ValueError, match=message) as caught:
        m.load(path)
    assert "w.json" in str(caught.value)
    assert m.state_dict() == before


def test_a_model_of_another_shape_is_refused(tmp_path):
    nn.MLP(2, [8, 1]).save(tmp_path / "w.json")
    m = model()
    with pytest.raises(
        ValueError, match="of 13 parameters: it has unknown .* and 15 more; build the module with the sizes"
    ):
        m.load(tmp_path / "w.json")
    with pytest.raises(OSError, match="absent"):
        m.load(tmp_path / "absent.json")
    with pytest.raises(TypeError, match="dict"):
        m.load_state_dict([1.0])


def test_state_dict_takes_numpy_scalars():
    np = pytest.importorskip("numpy")
    neuron = nn.Neuron(1)
    neuron.load_state_dict({"w0": np.float32(0.5), "b": np.int64(2)})
    assert (neuron.w[0].data, neuron.b.data) == (0.5, 2.0)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "w.json"
    model(0).save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space"):
        model(1).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["w.json"], "and nothing beside it"


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_a_link_stays_a_link_and_a_device_a_device(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link, pipe = tmp_path / "folder" / "w.json", tmp_path / "w.json", tmp_path / "pipe"
    model(0).save(target)
    link.symlink_to(target)
    model(1).save(link)
    assert link.is_symlink()
    assert state.read(target, kind=state.FORMAT)["parameters"] == model(1).state_dict()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    got = []
    reader.start()
    model(1).save(pipe)
    reader.join()
    assert got == [target.read_bytes()]
    assert pipe.is_fifo()


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    data = nn.data.make_xor(4)
    learner = model(0)
    optimizer = nn.optim.SGD(learner.parameters(), 0.1)
    before = learner.state_dict()
    with pytest.raises(IsADirectoryError) as raised:
        learner.save(tmp_path)
    assert raised.value.filename == str(tmp_path)
    with pytest.raises(IsADirectoryError):
        nn.fit(learner, data, nn.losses.mse_loss, optimizer, epochs=1, checkpoint=tmp_path, progress=False)
    assert learner.state_dict() == before, "before it learns what could not be kept"


LIMITED = """
import os, resource, shutil, signal, sys, tempfile
sys.path.insert(0, sys.argv[1])
import nn
folder = tempfile.mkdtemp()
path = os.path.join(folder, "w.json")
nn.MLP(2, [3, 1], rng=0).save(path)
before = open(path, "rb").read()
# A file may not grow beyond 1000 bytes: writing fails half-way, as on a full disk.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    nn.MLP(2, [30, 1], rng=1).save(path)
except OSError as error:
    print(type(error).__name__)
assert open(path, "rb").read() == before
assert os.listdir(folder) == ["w.json"], os.listdir(folder)
# A folder in which nobody may write; root may, so become somebody else.
os.chmod(folder, 0o555)
root = os.geteuid() == 0
if root:
    os.seteuid(65534)
try:
    nn.MLP(2, [3, 1], rng=1).save(path)
except PermissionError as error:
    print(type(error).__name__)
assert open(path, "rb").read() == before
if root:
    os.seteuid(0)
os.chmod(folder, 0o755)
shutil.rmtree(folder)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs limits on files and users")
def test_a_write_that_fails_half_way_and_a_read_only_folder_leave_the_old_file():
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["OSError", "PermissionError"]


KILLED = """
import os, random, signal, sys, time
sys.path.insert(0, sys.argv[1])
import nn
from nn import state
path = os.path.join(sys.argv[2], "w.json")
models = [nn.MLP(2, [16, 16, 1], rng=seed) for seed in (0, 1)]
states = [m.state_dict() for m in models]
models[0].save(path)
rng = random.Random(0)
seen = {0: 0, 1: 0}
between = 0
kills = 0
# On a busy machine a process gets further in a longer time, so this goes on until kills fell everywhere.
while kills < int(sys.argv[3]) or min(*seen.values(), between) <= 20:
    kills += 1
    child = os.fork()
    if child == 0:
        try:
            while True:
                for m in models:
                    m.save(path)
        finally:
            os._exit(1)
    time.sleep(rng.uniform(0.0, 0.02) * max(1.0, kills / 250))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = state.read(path, kind=state.FORMAT)["parameters"]
    seen[states.index(found)] += 1
    between += len(os.listdir(sys.argv[2])) > 1
    if rng.random() < 0.3:
        models[states.index(found)].save(path)
        assert os.listdir(sys.argv[2]) == ["w.json"], "the next save removes what was left"
print(seen[0], seen[1], between)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kills_while_saving_leave_the_old_file_or_the_new_one(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", KILLED, str(ROOT), str(tmp_path), "250"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    first, second, between = map(int, result.stdout.split())
    assert first + second >= 250
    assert first > 20
    assert second > 20, "both were found"
    assert between > 20, "kills fell into the midst of writing"


def test_the_documents_are_made_of_json_alone(tmp_path):
    state.write(tmp_path / "d.json", {"numbers": (1.5, math.nan)}, kind="test")
    assert state.read(tmp_path / "d.json", kind="test")["numbers"] == [1.5, "nan"]
