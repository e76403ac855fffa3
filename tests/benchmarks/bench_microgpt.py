"""A GPT in one file of scalars, beside C written by hand: ``python tests/benchmarks/bench_microgpt.py``.

The model, its loss and its Adam are those of single-file GPTs that bring their own class: embeddings of
16, four heads, one layer, 27 tokens, up to 16 places, 1,000 steps on one name each, the rate falling to 0.
Ours is that file with `Value` for its class, its letters given as rows with a single 1, our softmax in
place of one that reads numbers out of Values, and two lines that compile:
``step = autograd.compile(loss, params)`` and ``step.train(..., optimizer, 1)``. A program is made for each
length of a name. The C takes the same steps, in one thread and double precision, without a library, and is
built by ``cc -O3 -march=native``. All are seconds of a processor, those of compilers included. Each runs in
turn, in a process of its own, with nothing kept from before; the least counts.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

VOCABULARY, CONTEXT, RATE = 27, 16, 0.01
C = """
#include <math.h>
#include <string.h>
enum { V = 27, D = 16, H = 4, S = D / H, T = 16, F = 4 * D };
enum { WTE = 0, WPE = WTE + V * D, HEAD = WPE + T * D, WQ = HEAD + V * D, WK = WQ + D * D, WV = WK + D * D,
       WO = WV + D * D, UP = WO + D * D, DOWN = UP + F * D, N = DOWN + F * D };
#define FOR(i, n) for (int i = 0; i < (n); i++)
#define INLINE static inline __attribute__((always_inline))

static double g[N], m[N], v[N];
static double x0[T][D], x1[T][D], n1[T][D], q[T][D], k[T][D], u[T][D], w[T][H][T], mixed[T][D], x2[T][D];
static double n2[T][D], h[T][F], x3[T][D], p[T][V], r0[T], r1[T], r2[T];
static double dk[T][D], du[T][D], dx1[T][D], dx2[T][D];

/* y = W x */
INLINE void times(int rows, int columns, const double *restrict W, const double *restrict x,
                  double *restrict y) {
    FOR(i, rows) {
        double t = 0.0;
        _Pragma("omp simd reduction(+:t)") FOR(j, columns) t += W[i * columns + j] * x[j];
        y[i] = t;
    }
}

/* dW += dy x', dx += W' dy */
INLINE void back(int rows, int columns, const double *restrict W, const double *restrict x,
                 const double *restrict dy, double *restrict dW, double *restrict dx) {
    FOR(i, rows) {
        const double t = dy[i];
        _Pragma("omp simd") FOR(j, columns) {
            dW[i * columns + j] += t * x[j];
            dx[j] += t * W[i * columns + j];
        }
    }
}

INLINE double norm(const double *restrict x, double *restrict y) {
    double t = 0.0;
    _Pragma("omp simd reduction(+:t)") FOR(j, D) t += x[j] * x[j];
    const double r = 1.0 / sqrt(t / D + 1e-5);
    FOR(j, D) y[j] = r * x[j];
    return r;
}

/* dx += the derivative of x r(x) */
INLINE void norm_back(const double *restrict x, double r, const double *restrict dy, double *restrict dx) {
    double t = 0.0;
    _Pragma("omp simd reduction(+:t)") FOR(j, D) t += dy[j] * x[j];
    t *= r * r * r / D;
    FOR(j, D) dx[j] += r * dy[j] - t * x[j];
}

static double loss(const double *restrict W, const int *tokens, int n) {
    double total = 0.0;
    memset(g, 0, sizeof g);
    FOR(t, n) {
        FOR(j, D) x0[t][j] = W[WTE + tokens[t] * D + j] + W[WPE + t * D + j];
        r0[t] = norm(x0[t], x1[t]);
        r1[t] = norm(x1[t], n1[t]);
        times(D, D, W + WQ, n1[t], q[t]);
        times(D, D, W + WK, n1[t], k[t]);
        times(D, D, W + WV, n1[t], u[t]);
        FOR(a, H) {
            double top = -INFINITY, sum = 0.0, *at = w[t][a];
            FOR(s, t + 1) {
                double z = 0.0;
                FOR(j, S) z += q[t][a * S + j] * k[s][a * S + j];
                at[s] = z * 0.5;
                top = at[s] > top ? at[s] : top;
            }
            FOR(s, t + 1) sum += at[s] = exp(at[s] - top);
            double *o = &mixed[t][a * S];
            FOR(j, S) o[j] = 0.0;
            FOR(s, t + 1) {
                at[s] /= sum;
                FOR(j, S) o[j] += at[s] * u[s][a * S + j];
            }
        }
        times(D, D, W + WO, mixed[t], x2[t]);
        FOR(j, D) x2[t][j] += x1[t][j];
        r2[t] = norm(x2[t], n2[t]);
        times(F, D, W + UP, n2[t], h[t]);
        FOR(j, F) h[t][j] = h[t][j] > 0.0 ? h[t][j] : 0.0;
        times(D, F, W + DOWN, h[t], x3[t]);
        FOR(j, D) x3[t][j] += x2[t][j];
        times(V, D, W + HEAD, x3[t], p[t]);
        double top = -INFINITY, sum = 0.0;
        FOR(j, V) top = p[t][j] > top ? p[t][j] : top;
        FOR(j, V) sum += p[t][j] = exp(p[t][j] - top);
        total -= log(p[t][tokens[t + 1]] / sum);
        FOR(j, V) p[t][j] /= sum * n;
        p[t][tokens[t + 1]] -= 1.0 / n;
    }
    memset(dk, 0, sizeof dk);
    memset(du, 0, sizeof du);
    for (int t = n - 1; t >= 0; t--) {
        double dx3[D] = {0}, dh[F] = {0}, dn2[D] = {0}, dmixed[D] = {0}, dq[D] = {0}, dn1[D] = {0};
        double dx0[D] = {0};
        back(V, D, W + HEAD, x3[t], p[t], g + HEAD, dx3);
        FOR(j, D) dx2[t][j] = dx3[j];
        back(D, F, W + DOWN, h[t], dx3, g + DOWN, dh);
        FOR(j, F) dh[j] = h[t][j] > 0.0 ? dh[j] : 0.0;
        back(F, D, W + UP, n2[t], dh, g + UP, dn2);
        norm_back(x2[t], r2[t], dn2, dx2[t]);
        FOR(j, D) dx1[t][j] = dx2[t][j];
        back(D, D, W + WO, mixed[t], dx2[t], g + WO, dmixed);
        FOR(a, H) {
            double dw[T], along = 0.0;
            const double *at = w[t][a], *o = &dmixed[a * S];
            FOR(s, t + 1) {
                double z = 0.0;
                FOR(j, S) { z += o[j] * u[s][a * S + j]; du[s][a * S + j] += at[s] * o[j]; }
                dw[s] = z;
                along += at[s] * z;
            }
            FOR(s, t + 1) {
                const double z = 0.5 * at[s] * (dw[s] - along);
                FOR(j, S) { dq[a * S + j] += z * k[s][a * S + j]; dk[s][a * S + j] += z * q[t][a * S + j]; }
            }
        }
        back(D, D, W + WQ, n1[t], dq, g + WQ, dn1);
        back(D, D, W + WK, n1[t], dk[t], g + WK, dn1); /* all later places have added theirs */
        back(D, D, W + WV, n1[t], du[t], g + WV, dn1);
        norm_back(x1[t], r1[t], dn1, dx1[t]);
        norm_back(x0[t], r0[t], dx1[t], dx0);
        FOR(j, D) { g[WTE + tokens[t] * D + j] += dx0[j]; g[WPE + t * D + j] += dx0[j]; }
    }
    return total / n;
}

void train(double *restrict W, const int *tokens, const int *lengths, int steps, double lr, double *losses) {
    double a = 1.0, b = 1.0;
    memset(m, 0, sizeof m);
    memset(v, 0, sizeof v);
    FOR(step, steps) {
        losses[step] = loss(W, tokens, lengths[step]);
        tokens += lengths[step] + 1;
        a *= 0.85, b *= 0.99;
        const double rate = lr * (1.0 - (double)step / steps) / (1.0 - a), scale = 1.0 / (1.0 - b);
        _Pragma("omp simd") FOR(i, N) {
            m[i] = 0.85 * m[i] + 0.15 * g[i];
            v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
            W[i] -= rate * m[i] / (sqrt(v[i] * scale) + 1e-8);
        }
    }
}
"""
FLAGS = ("-O3", "-march=native", "-fopenmp-simd", "-fno-math-errno", "-shared", "-fPIC")


def names(count: int) -> list[list[int]]:
    """Return names of 2 to 15 letters, as often as in lists of people's first names, between two zeros."""
    rng = random.Random(0)
    sizes, often = range(2, 16), (1, 8, 40, 95, 120, 100, 65, 30, 15, 6, 4, 2, 1, 1)
    lengths = [*sizes, *rng.choices(sizes, often, k=count - len(sizes))]
    rng.shuffle(lengths)
    vowels, others = [1, 5, 9, 15, 21], [k for k in range(1, VOCABULARY) if k not in (1, 5, 9, 15, 21)]
    return [[0, *(rng.choice(vowels if k % 2 else others) for k in range(n)), 0] for n in lengths]


def processor() -> float:
    """Return the seconds that this process and its children have had of a processor."""
    return time.process_time() + sum(os.times()[2:4])


def by_hand(tokens: list[list[int]]) -> dict[str, Any]:
    """Build the C and take the steps."""
    from systems.scalar_gpt import PlainValue, ScalarGPT  # type: ignore[import-not-found]

    params = [p.data for p in ScalarGPT(PlainValue, VOCABULARY, CONTEXT).params]
    begun = processor()
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder, "gpt.c"), Path(folder, "gpt.so")
        source.write_text(C)
        subprocess.run([os.environ.get("CC", "cc"), *FLAGS, "-o", built, source, "-lm"], check=True)
        train = ctypes.CDLL(str(built)).train
    compiled = processor() - begun
    flat = [t for name in tokens for t in name]
    W, losses = (ctypes.c_double * len(params))(*params), (ctypes.c_double * len(tokens))()
    lengths = (ctypes.c_int * len(tokens))(*(len(name) - 1 for name in tokens))
    begun = processor()
    train(W, (ctypes.c_int * len(flat))(*flat), lengths, len(tokens), ctypes.c_double(RATE), losses)
    return {"compile": compiled, "steps": processor() - begun, "losses": list(losses)}


def ours(tokens: list[list[int]], backend: str) -> dict[str, Any]:
    """Compile the file's loss, and take the steps."""
    import numpy as np
    from systems.scalar_gpt import ScalarGPT

    import autograd
    import nn

    class GPT(ScalarGPT):
        """The file's model; its letters are rows with a single 1, so that a number may stand for each."""

        softmax = staticmethod(autograd.softmax)

        def next_scores(self, token: Any, place: int, keys: Any, values: Any) -> Any:
            table = self.state["wte"]
            chosen = [autograd.dot(token, column) for column in zip(*table, strict=True)]
            self.state["wte"] = {0: chosen}
            scores = super().next_scores(0, place, keys, values)
            self.state["wte"] = table
            return scores

        def loss(self, given: Any, wanted: Any) -> Any:
            keys: list[Any] = []
            values: list[Any] = []
            losses = []
            for place, (token, target) in enumerate(zip(given, wanted, strict=True)):
                found = self.softmax(self.next_scores(token, place, keys, values))
                losses.append(-autograd.dot(target, found).log())
            return (1 / len(losses)) * sum(losses)

    model, rows = GPT(autograd.Value, VOCABULARY, CONTEXT), np.eye(VOCABULARY)
    optimizer = nn.optim.Adam(model.params, lr=RATE, betas=(0.85, 0.99))
    step = autograd.compile(model.loss, model.params, backend=backend)
    losses, compiled, spent = [], 0.0, 0.0
    seen = set()
    for k, name in enumerate(tokens):
        begun = processor()
        optimizer.lr = RATE * (1.0 - k / len(tokens))
        losses += step.train(rows[name[:-1]], rows[name[1:]], optimizer, 1)
        took = processor() - begun
        if len(name) in seen:
            spent += took
        else:
            compiled += took
            seen.add(len(name))
    return {"compile": compiled, "steps": spent, "losses": losses}


RUNS = {"C by hand": by_hand, "ours, C": lambda t: ours(t, "c"), "ours, auto": lambda t: ours(t, "auto")}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="how often each has its turn")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--alone", default="", help="run this one here, and print what it found as JSON")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(RUNS[given.alone](names(given.steps))))
        return
    best: dict[str, dict[str, Any]] = {}
    for _ in range(given.rounds):
        for name in RUNS:
            with tempfile.TemporaryDirectory() as kept:
                options = ["--alone", name, "--steps", str(given.steps)]
                out = subprocess.run(
                    [sys.executable, __file__, *options], env={**os.environ, "CHAINRULE_CACHE": kept},
                    stdout=subprocess.PIPE, text=True, check=True,
                ).stdout  # fmt: skip
            found = json.loads(out)
            known = best.setdefault(name, found)
            best[name] = {**found, **{key: min(found[key], known[key]) for key in ("compile", "steps")}}
    hand = best["C by hand"]
    heads = ("compile s", "steps s", "steps, to C", "in all, to C", "last loss", "from C's")
    print(f"{'':<12}" + "".join(f"{head:>14}" for head in heads))
    for name, found in best.items():
        steps = found["steps"] / hand["steps"]
        whole = (found["compile"] + found["steps"]) / (hand["compile"] + hand["steps"])
        last = sum(found["losses"][-100:]) / len(found["losses"][-100:])
        pairs = zip(found["losses"][:100], hand["losses"], strict=False)
        apart = max(abs(a - b) / b for a, b in pairs)
        print(
            f"{name:<12}{found['compile']:>14.3f}{found['steps']:>14.3f}{steps:>14.2f}{whole:>14.2f}"
            f"{last:>14.6f}{apart:>14.0e}"
        )
    print("last loss: the mean of the last 100; from C's: the most that one of the first 100 differs by")


if __name__ == "__main__":
    main()
