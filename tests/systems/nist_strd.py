"""NIST's nonlinear regressions (StRD): 27 data sets whose parameters are certified to eleven digits.

``python tests/systems/nist_strd.py`` fits each from both of NIST's starting points, by Levenberg's and
Marquardt's method on this package's derivatives, and writes the table of the page
``notebooks/docs/pages/regressions.md``. The data, starting points and certified values stand beside it, in
``nist_strd.json``, as https://www.itl.nist.gov/div898/strd/ has them.
"""

import json
import math
import re
from pathlib import Path

import numpy as np

from autograd import Value, atan, cos, exp, sin

DATA = json.loads((Path(__file__).with_suffix(".json")).read_text())
PAGE = Path(__file__).parents[2] / "notebooks" / "docs" / "pages" / "regressions.md"
CERTIFIED = 11  # digits
TABLE = re.compile(r"(?<=<!-- table -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)


def chwirut(b, x):
    return exp(-b[0] * x) / (b[1] + b[2] * x)


def cubics(b, x):
    return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1 + x * (b[4] + x * (b[5] + x * b[6])))


def enso(b, x):
    t = 2 * math.pi * x
    year = b[1] * cos(t / 12) + b[2] * sin(t / 12)
    slow = b[4] * cos(t / b[3]) + b[5] * sin(t / b[3])
    return b[0] + year + slow + b[7] * cos(t / b[6]) + b[8] * sin(t / b[6])


def gauss(b, x):
    peaks = b[2] * exp(-(((x - b[3]) / b[4]) ** 2)) + b[5] * exp(-(((x - b[6]) / b[7]) ** 2))
    return b[0] * exp(-b[1] * x) + peaks


def lanczos(b, x):
    return b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x)


MODELS = {
    "Bennett5": lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]),
    "BoxBOD": lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Chwirut1": chwirut,
    "Chwirut2": chwirut,
    "DanWood": lambda b, x: b[0] * x ** b[1],
    "ENSO": enso,
    "Eckerle4": lambda b, x: b[0] / b[1] * exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Gauss1": gauss,
    "Gauss2": gauss,
    "Gauss3": gauss,
    "Hahn1": cubics,
    "Kirby2": lambda b, x: (b[0] + x * (b[1] + x * b[2])) / (1 + x * (b[3] + x * b[4])),
    "Lanczos1": lanczos,
    "Lanczos2": lanczos,
    "Lanczos3": lanczos,
    "MGH09": lambda b, x: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
    # Its first parameter, which is positive, by its logarithm: from the first starting point 2 it would have
    # to fall by a factor of 357 while the second falls by 65 and the exponential grows as much.
    "MGH10": lambda b, x: exp(b[0] + b[1] / (x + b[2])),
    "MGH17": lambda b, x: b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]),
    "Misra1a": lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Misra1b": lambda b, x: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Misra1c": lambda b, x: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d": lambda b, x: b[0] * b[1] * x / (1 + b[1] * x),
    "Nelson": lambda b, x, t: b[0] - b[1] * x * exp(-b[2] * t),  # of the logarithm of y
    "Rat42": lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)),
    "Rat43": lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)) ** (1 / b[3]),
    "Roszman1": lambda b, x: b[0] - b[1] * x - atan(b[2] / (x - b[3])) / math.pi,
    "Thurber": cubics,
}


def linearized(model, rows, at):
    """Return the residuals, their sum of squares and the matrix of the model's derivatives."""
    b = [Value(p) for p in at]
    residuals, slopes = [], []
    for y, *x in rows:
        predicted = model(b, *x)
        for p in b:
            p.grad = 0.0
        predicted.backward()
        residuals.append(y - predicted.data)
        slopes.append([p.grad for p in b])
    r, jacobian = np.array(residuals), np.array(slopes)
    with np.errstate(over="ignore", invalid="ignore"):
        return r, r @ r, jacobian


def fit(model, rows, start, most=1500):
    """Return the parameters of the least squares."""
    b = np.array(start)
    r, cost, jacobian = linearized(model, rows, b)
    damping, factor, scale = 100.0, 2.0, np.zeros(len(b))
    for _ in range(most):
        scale = np.maximum(scale, np.linalg.norm(jacobian, axis=0))
        scaled = jacobian / scale
        damped = np.vstack([scaled, math.sqrt(damping) * np.eye(len(b))])
        step = np.linalg.lstsq(damped, np.concatenate([r, np.zeros(len(b))]), rcond=None)[0]
        expected = step @ (scaled.T @ r) + damping * (step @ step)
        new = linearized(model, rows, b + step / scale)
        if new[1] < cost and np.isfinite(new[2]).all():
            gain, small = (cost - new[1]) / expected, cost - new[1] <= 1e-14 * cost
            b, (r, cost, jacobian) = b + step / scale, new
            damping, factor = damping * max(1 / 9, 1 - (2 * gain - 1) ** 3), 2.0
            if small and damping < 1e-8:
                break
        elif np.all(np.abs(step / scale) <= 1e-13 * np.abs(b)):
            break
        else:
            damping, factor = damping * factor, 2 * factor
    return polished(model, rows, b)


def polished(model, rows, b):
    """Take steps of Gauss and Newton, by a QR decomposition of scaled columns, until they end in rounding."""
    r, cost, jacobian = linearized(model, rows, b)
    for _ in range(80):
        scale = np.linalg.norm(jacobian, axis=0)
        q, upper = np.linalg.qr(jacobian / scale)
        step = np.linalg.solve(upper, q.T @ r) / scale
        new = linearized(model, rows, b + step)
        if not new[1] <= cost * (1 + 1e-9):
            break
        b, (r, cost, jacobian) = b + step, new
        if np.all(np.abs(step) <= 1e-14 * np.abs(b)):
            break
    return b


def digits(name, start):
    """Return how many digits of every parameter agree with the certified ones, from one starting point."""
    data = DATA[name]
    rows, b = data["rows"], list(data["starts"][start])
    if name == "Nelson":
        rows = [[math.log(y), *x] for y, *x in rows]
    if name == "MGH10":
        b[0] = math.log(b[0])
    found = fit(MODELS[name], rows, b)
    if name == "MGH10":
        found[0] = math.exp(found[0])
    off = max(abs(p - c) / abs(c) for p, c in zip(found.tolist(), data["certified"], strict=True))
    return min(-math.log10(off), CERTIFIED) if off else float(CERTIFIED)


def table():
    """Return the table of the page."""
    lines = ["| data set | parameters | observations | digits from start 1 | from start 2 |"]
    lines.append("|---|--:|--:|--:|--:|")
    for name, data in DATA.items():
        agree = [f"{math.floor(10 * digits(name, k)) / 10:.1f}" for k in (0, 1)]
        lines.append(f"| {name} | {len(data['certified'])} | {len(data['rows'])} | {' | '.join(agree)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(table().replace("\\", "\\\\"), PAGE.read_text()))
