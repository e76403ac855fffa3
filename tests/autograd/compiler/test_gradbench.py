"""Our tool for GradBench: what it computes, on small inputs, against other libraries' derivatives."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from profiles import NIGHTLY

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "gradbench"))
import programs
import run

BACKENDS = ["numpy", "python", pytest.param("c", marks=pytest.mark.slow)]
G = np.random.default_rng(0)
D, K = 3, 2
INPUTS: dict[str, Any] = {
    "hello": 3.0,
    "lse": {"x": G.normal(size=9).tolist()},
    "llsq": {"x": G.random(5).tolist(), "n": 8},
    "ode": {"x": G.random(5).tolist(), "s": 2},
    "det": {"A": G.random(16).tolist(), "ell": 4},
    "kmeans": {"points": (P := G.random((12, 2)).tolist()), "centroids": P[-3:]},
    "gmm": {
        "d": D, "k": K, "n": 5, "m": 1, "gamma": 1.5, "x": G.normal(size=(5, D)).tolist(),
        "alpha": G.normal(size=K).tolist(), "mu": G.normal(size=(K, D)).tolist(),
        "q": G.normal(size=(K, D)).tolist(), "l": G.normal(size=(K, D * (D - 1) // 2)).tolist(),
    },
    "lstm": {
        "main_params": G.random((4, 8)).tolist(), "extra_params": G.random((3, 2)).tolist(),
        "state": G.random((4, 2)).tolist(), "sequence": G.integers(0, 2, (4, 2)).astype(float).tolist(),
    },
    "ba": {
        "n": 2, "m": 3, "p": 4, "cam": [*G.normal(size=6).tolist(), 1.2, 0.1, 0.2, 0.03, -0.01],
        "x": [0.1, 0.2, 5.0], "w": 0.7, "feat": [0.3, 0.4],
    },
}  # fmt: skip


def hand(triangles: bool) -> dict[str, Any]:
    """Return a hand of 22 bones and six vertices, and what is seen of it."""
    g = np.random.default_rng(1)
    weights = g.random((6, 22)) * (g.random((6, 22)) < 0.2)
    last_row = np.broadcast_to([0.0, 0.0, 0.0, 1.0], (22, 1, 4))
    affine = lambda: np.concatenate([g.normal(size=(22, 3, 4)), last_row], axis=1).tolist()
    model = {
        "parents": [-1, *(i if i % 4 else 0 for i in range(21))],
        "base_relatives": affine(), "inverse_base_absolutes": affine(), "weights": weights.tolist(),
        "base_positions": np.column_stack([g.normal(size=(6, 3)), np.ones(6)]).tolist(),
        "triangles": [[0, 1, 2], [3, 4, 5]], "is_mirrored": False,
    }  # fmt: skip
    data = {"model": model, "correspondences": [1, 0], "points": g.normal(size=(2, 3)).tolist()}
    us = g.random((2, 2)).tolist() if triangles else []
    return {"theta": (0.3 * g.normal(size=26)).tolist(), "us": us, "data": data}


def tensor(rows: Any) -> Any:
    return torch.tensor(rows, dtype=torch.float64)


def gradient(f: Any, *args: Any) -> Any:
    """Return PyTorch's gradient, in a row."""
    found = torch.autograd.functional.jacobian(f, args)
    return np.concatenate([np.ravel(part) for part in found])


def rotation(angle: Any, axis: Any) -> Any:
    """Return the rotation by an angle about a unit vector, by its quaternion."""
    w, (x, y, z) = torch.cos(angle / 2), torch.sin(angle / 2) * axis
    return torch.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]).reshape(3, 3)  # fmt: skip


def rotation_about(axis: Any) -> Any:
    """Return the rotation about a vector by its length."""
    return rotation(torch.linalg.norm(axis), axis / torch.linalg.norm(axis))


def posterior(alpha: Any, mu: Any, q: Any, below: Any) -> Any:
    """Return GMM's logarithm of the posterior by its definition, with determinants and traces."""
    given = INPUTS["gmm"]
    m, gamma, x = given["m"], given["gamma"], tensor(given["x"])
    n, total, parts = D + m + 1, 0.0, []
    rows, columns = zip(*[(i, j) for j in range(D) for i in range(j + 1, D)], strict=True)
    for k in range(K):
        lower = torch.diag(torch.exp(q[k])).index_put((tensor(rows).long(), tensor(columns).long()), below[k])
        precision = lower.T @ lower
        normal = torch.distributions.MultivariateNormal(mu[k], precision_matrix=precision)
        parts.append(normal.log_prob(x) + torch.log_softmax(alpha, 0)[k])
        wishart = 0.5 * (n - D - 1) * torch.logdet(precision) - 0.5 * gamma**2 * torch.trace(precision)
        scale = 0.5 * n * D * math.log(2.0) - n * D * math.log(gamma)
        total = total + wishart - scale - torch.special.multigammaln(tensor(n / 2.0), D)
    return total + torch.logsumexp(torch.stack(parts), 0).sum()


def network(main: Any, extra: Any) -> Any:
    """Return LSTM's loss, a row at a time."""
    state, sequence = tensor(INPUTS["lstm"]["state"]), tensor(INPUTS["lstm"]["sequence"])
    hidden, cell, total = list(state[::2]), list(state[1::2]), 0.0
    for x, wanted in zip(sequence, sequence[1:], strict=False):
        x = x * extra[0]
        for i in range(len(hidden)):
            gates = torch.cat([x, hidden[i], x, hidden[i]]) * main[2 * i] + main[2 * i + 1]
            forget, enter, leave, change = gates.reshape(4, -1)
            cell[i] = cell[i] * torch.sigmoid(forget) + torch.sigmoid(enter) * torch.tanh(change)
            x = hidden[i] = torch.sigmoid(leave) * torch.tanh(cell[i])
        found = x * extra[1] + extra[2]
        total = total + wanted @ (found - torch.log(torch.exp(found).sum() + 2.0))
    return -total / sequence[1:].numel()


def integrated(x: Any) -> Any:
    """Return ODE's end."""
    y, h = torch.zeros_like(x), 2.0 / INPUTS["ode"]["s"]
    slope = lambda y: torch.cat([x[:1], x[1:] * y[:-1]])
    for _ in range(INPUTS["ode"]["s"]):
        a = slope(y)
        b = slope(y + h / 2 * a)
        c = slope(y + h / 2 * b)
        y = y + h / 6 * (a + 2 * b + 2 * c + slope(y + h * c))
    return y


def reprojected(camera: Any, point: Any, weight: Any) -> Any:
    """Return BA's three errors of an observation."""
    x = rotation_about(camera[:3]) @ (point - camera[3:6])
    flat = x[:2] / x[2]
    r = flat @ flat
    seen = camera[6] * flat * (1.0 + camera[9] * r + camera[10] * r**2) + camera[7:9]
    return torch.cat([weight * (seen - tensor(INPUTS["ba"]["feat"])), (1.0 - weight**2).reshape(1)])


def posed(given: dict[str, Any]) -> Any:
    """Return HT's errors as a function of its pose, and of where on their triangles the points are."""
    model, points = given["data"]["model"], tensor(given["data"]["points"])
    base, inverse = tensor(model["base_relatives"]), tensor(model["inverse_base_absolutes"])
    rest, weights, unit = tensor(model["base_positions"]), tensor(model["weights"]), torch.eye(3).double()

    def errors(theta: Any, us: Any = None) -> Any:
        found: list[Any] = []
        for bone, parent in enumerate(model["parents"]):
            angles = torch.zeros(3).double()
            finger, joint = divmod(bone - 2, 4)
            if 0 <= finger < 5 and joint < 3:
                at = 6 + 4 * finger + joint + (joint > 0)
                angles = torch.cat(
                    [theta[at : at + 1 + (joint == 0)], torch.zeros(2 - (joint == 0)).double()]
                )
            x, z, y = angles
            turn = rotation(z, unit[2]) @ rotation(y, unit[1]) @ rotation(x, unit[0])
            turn = torch.block_diag(turn, torch.ones(1, 1).double())
            found.append(base[bone] @ turn if parent < 0 else found[parent] @ base[bone] @ turn)
        moved = torch.einsum("bij,bjk,vk,vb->vi", torch.stack(found), inverse, rest, weights)[:, :3]
        placed = moved @ rotation_about(theta[:3]).T + theta[3:6]
        which = given["data"]["correspondences"]
        if us is not None:
            corners = placed[torch.tensor(model["triangles"])[which]]
            shares = torch.column_stack([us, 1.0 - us.sum(1)])
            return (points - torch.einsum("nc,nci->ni", shares, corners)).ravel()
        return (points - placed[which]).ravel()

    return errors


def expected() -> dict[tuple[str, str], Any]:
    """Return what other libraries, or closed forms, make of the inputs."""
    x, a = tensor(INPUTS["lse"]["x"]), np.reshape(INPUTS["det"]["A"], (4, 4))
    llsq, ode = INPUTS["llsq"], tensor(INPUTS["ode"]["x"])
    t = np.linspace(-1.0, 1.0, llsq["n"])
    powers = np.vander(t, 5, increasing=True)
    rest = np.sign(t) - powers @ llsq["x"]
    points, centroids = (np.array(INPUTS["kmeans"][key]) for key in ("points", "centroids"))
    squares = ((points[:, None] - centroids) ** 2).sum(2)
    means = np.array([points[squares.argmin(1) == k].mean(0) for k in range(3)])
    gmm = [tensor(INPUTS["gmm"][key]) for key in programs.GMM]
    lstm = [tensor(INPUTS["lstm"][key]) for key in ("main_params", "extra_params")]
    return {
        ("hello", "square"): 9.0, ("hello", "double"): 6.0,
        ("lse", "primal"): torch.logsumexp(x, 0), ("lse", "gradient"): torch.softmax(x, 0),
        ("llsq", "primal"): rest @ rest / 2.0, ("llsq", "gradient"): -powers.T @ rest,
        ("ode", "primal"): integrated(ode), ("ode", "gradient"): gradient(lambda x: integrated(x)[-1], ode),
        ("det", "primal"): np.linalg.det(a),
        ("det", "gradient"): np.ravel(np.linalg.det(a) * np.linalg.inv(a).T),
        ("kmeans", "cost"): squares.min(1).sum(), ("kmeans", "dir"): centroids - means,
        ("gmm", "objective"): posterior(*gmm), ("gmm", "jacobian"): gradient(posterior, *gmm),
        ("lstm", "objective"): network(*lstm), ("lstm", "jacobian"): gradient(network, *lstm),
    }  # fmt: skip


CASES = [(name, function) for name in INPUTS if name != "ba" for function in programs.EVALS[name]]


@pytest.fixture(scope="module")
def oracle() -> dict[tuple[str, str], Any]:
    return expected()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "function"), CASES)
def test_an_eval_agrees_with_other_libraries(
    name: str, function: str, backend: str, oracle: dict[tuple[str, str], Any]
) -> None:
    found = programs.EVALS[name][function][0](INPUTS[name], backend)()
    if isinstance(found, dict):
        found = np.concatenate([np.ravel(part) for part in found.values()])
    np.testing.assert_allclose(found, np.asarray(oracle[name, function]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bundle_adjustment_gives_errors_and_a_sparse_jacobian(backend: str) -> None:
    given = INPUTS["ba"]
    args = tensor(given["cam"]), tensor(given["x"]), tensor(given["w"])
    found = np.asarray(programs.ba_objective(given, backend)())
    np.testing.assert_allclose(found, np.tile(reprojected(*args), (4, 1)), rtol=1e-12)
    parts = torch.autograd.functional.jacobian(reprojected, args)
    dense = np.zeros((12, 11 * 2 + 3 * 3 + 4))
    for p in range(4):
        camera, point, own = 11 * (p % 2), 22 + 3 * (p % 3), 31 + p
        for row, target in ((0, 2 * p), (1, 2 * p + 1)):
            dense[target, camera : camera + 11] = parts[0][row]
            dense[target, point : point + 3] = parts[1][row]
            dense[target, own] = parts[2][row]
        dense[8 + p, own] = parts[2][2]
    rows, columns, values = programs.ba_jacobian(given, backend)()
    rebuilt = np.zeros_like(dense)
    for row, (start, end) in enumerate(zip(rows, rows[1:], strict=False)):
        rebuilt[row, columns[start:end]] = values[start:end]
    np.testing.assert_allclose(rebuilt, dense, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "backend", ["numpy", *(pytest.param(b, marks=pytest.mark.slow) for b in ("python", "c"))]
)
@pytest.mark.parametrize("triangles", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_hand_s_errors_and_their_jacobian_agree_with_rotations_by_quaternions(
    backend: str, triangles: bool
) -> None:
    given = hand(triangles)
    args = [tensor(given["theta"]), *([tensor(given["us"])] if triangles else [])]
    errors = posed(given)
    np.testing.assert_allclose(programs.ht_objective(given, backend)(), errors(*args), rtol=1e-12, atol=1e-12)
    wanted = torch.autograd.functional.jacobian(errors, tuple(args))
    if triangles:
        own = [wanted[1][i, i // 3] for i in range(6)]
        wanted = (torch.column_stack([torch.stack(own), wanted[0]]),)
    np.testing.assert_allclose(programs.ht_jacobian(given, backend)(), wanted[0], rtol=1e-12, atol=1e-12)


def complex_step(w: complex) -> complex:
    """Return where PARTICLE's charge meets the axis, squared, its force written out."""
    x, y, u, v = 0.0, 8.0, 0.75, 0.0
    while True:
        cubes = [((10.0 - x) ** 2 + (q - y) ** 2) ** 1.5 for q in (10.0 - w, 0.0)]
        force = [sum((10.0 - x) / r for r in cubes), (10.0 - w - y) / cubes[0] + (0.0 - y) / cubes[1]]
        x, y = x + 0.1 * u, y + 0.1 * v
        if complex(y).real <= 0.0:
            return (x - y / v * u) ** 2
        u, v = u - 0.1 * force[0], v - 0.1 * force[1]


@pytest.mark.parametrize("modes", ["fr", "rf"])
def test_a_trajectory_along_derivatives_is_differentiated_in_both_modes(modes: str) -> None:
    outer, inner = (programs.SLOPES[mode] for mode in modes)
    distance = programs.missed(inner)
    there = complex_step(1e-30j)
    assert distance([0.0]) == pytest.approx(there.real, rel=1e-12)
    assert outer(distance)([0.0])[0] == pytest.approx(there.imag / 1e-30, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("modes", programs.MODES if NIGHTLY else ["rr"])
def test_descents_along_descents_end_where_the_suite_says(modes: str) -> None:
    where = programs.EVALS["saddle"][modes][0]({"start": [1.0, 1.0]}, "python")()
    assert where == pytest.approx([8.246324826140356e-06] * 4, rel=1e-12)
    assert programs.EVALS["particle"][modes][0]({"w": 0.0}, "python")() == pytest.approx(
        0.2071918746486116, rel=1e-12
    )


def test_the_tool_answers_the_protocol_s_messages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [
        {"id": 0, "kind": "start", "eval": "llsq"},
        {"id": 1, "kind": "define", "module": "llsq"},
        {"id": 2, "kind": "define", "module": "cooking"},
        {"id": 3, "kind": "evaluate", "module": "llsq", "function": "primal",
         "input": {**INPUTS["llsq"], "min_runs": 3, "min_seconds": 0}},
        {"id": 4, "kind": "analysis", "of": 3, "valid": True},
        {"id": 5, "kind": "evaluate", "module": "llsq", "function": "primal", "input": {"x": [], "n": "?"}},
    ]  # fmt: skip
    monkeypatch.setattr("sys.argv", ["run.py", "--backend", "numpy"])
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(json.dumps, messages))))
    run.main()
    start, define, unknown, result, analysis, fault = map(json.loads, capsys.readouterr().out.splitlines())
    assert start == {"id": 0, "tool": "chainrule"} and define == {"id": 1, "success": True}
    assert unknown["error"] == "there is no eval 'cooking'" and analysis == {"id": 4}
    assert [t["name"] for t in result["timings"]] == ["prepare", *["evaluate"] * 3]
    assert result["output"] == pytest.approx(float(expected()["llsq", "primal"]), rel=1e-12)
    assert fault["success"] is False and "TypeError" in fault["error"]
