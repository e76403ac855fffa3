"""A program as one module of JavaScript that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd.compiler.backends.arrays import arguments, results
from autograd.compiler.backends.javascript.emit import Writer, unsupported
from autograd.compiler.roll.program import LANES
from autograd.native.javascript import RESERVED as WORDS
from autograd.native.javascript import literal
from autograd.words import gettext

__all__ = ["RESERVED", "exported"]

RESERVED = WORDS | {
    "ArrayBuffer", "DataView", "Float64Array", "Object", "RangeError", "String", "TypeError", "theta",
}  # fmt: skip
"""What no function can be called: keywords, and what the module takes from the language or exports itself."""


def exported(engine: Any, shapes: Sequence[tuple[int, ...]], theta: Any, name: str) -> str:
    """Return a module of JavaScript with the function ``name``, and the numbers of parameters and constants.

    The arguments are those of C's `exported`.

    Returns
    -------
    str
        The file.

    Raises
    ------
    ValueError
        If an operation is none of the table, so that it has no JavaScript.
    """
    program = engine.program
    reason = unsupported(program)
    if reason:
        raise ValueError(gettext(
            "this program cannot be written in JavaScript: {name}() is not of the table",
            name=reason,
        ))  # fmt: skip
    numbers = engine.shared.copy()
    numbers[: 2 * program.parameters] = 0.0
    writer = Writer(program)
    lines = writer.lines()
    given = [f"x{k}" for k in range(len(shapes))] + ["parameters = theta"] * bool(program.parameters)
    body = _body(engine, shapes, lines)
    about = ", ".join([*arguments(engine, shapes), *["parameters"] * bool(program.parameters)])
    sizes = ", ".join(results(engine, "{ loss, gradient }", "an array of results"))
    return _FILE.format(
        name=name, about=about, sizes=sizes, program=writer.text(), numbers=_listed(numbers),
        theta=_listed(theta), given=", ".join(given), body="\n".join(body),
    )  # fmt: skip


def _listed(numbers: Any) -> str:
    """Return numbers as JavaScript writes them, to the last bit."""
    texts = [literal(float(x)) for x in numbers]
    return ",\n".join(", ".join(texts[i : i + 8]) for i in range(0, len(texts), 8))


def _body(engine: Any, shapes: Sequence[tuple[int, ...]], statements: list[str]) -> list[str]:
    """Return the lines of the function."""
    program, graph, count = engine.program, engine.program.graph, engine.program.parameters
    sizes = [math.prod(shape) for shape in shapes]
    lines = [
        f"x{k} = $given('x{k}', x{k}, {list(shape)}, {'true' if engine.batch else 'false'});"
        for k, shape in enumerate(shapes)
    ]
    lines.append(f"const N = {f'x0.length / {sizes[0]}' if engine.batch and sizes[0] else '1'};")
    if engine.batch:
        told = "`x{k} has ${{x{k}.length / {size}}} examples, where x0 has ${{N}}`"
        lines += [
            f"if (x{k}.length !== {size} * N) throw RangeError({told.format(k=k, size=size)});"
            for k, size in enumerate(sizes)
            if k and size
        ]
    if count:
        lines.append(f"parameters = $given('parameters', parameters, [{count}], false);")
    lines.append(f"const s = Float64Array.from($numbers), v = new Float64Array({max(program.lanes, 1)} * N);")
    if count:
        lines.append(f"for (let i = 0; i < {count}; i++) s[i] = parameters[i];")
    if engine.batch:
        lines.append(f"s[{int(program.address[graph.scale])}] = 1 / N;")
        lines.append(f"s[{int(program.address[graph.lanes])}] = N;")
    at = engine.first
    for k, size in enumerate(sizes):
        to = f"v[({at} + i) * N + n] = x{k}[n * {size} + i]" if engine.batch else f"s[{at} + i] = x{k}[i]"
        rows = "for (let n = 0; n < N; n++) " if engine.batch else ""
        lines.append(f"{rows}for (let i = 0; i < {size}; i++) {to};")
        at += size
    lines += statements
    if count:
        gradient = f"Array.from(s.subarray({count}, {2 * count}))"
        lines.append(f"return {{ loss: s[{engine.value_at}], gradient: {gradient} }};")
        return lines
    outputs = [int(a) for a in engine.outputs]
    texts = [f"v[{a - LANES} * N + n]" if a >= LANES else f"s[{a}]" for a in outputs]
    listed = f"[{', '.join(texts)}]"
    each = f"Array.from({{ length: N }}, (_, n) => {listed})" if engine.batch else listed
    lines.append(f"return {each};")
    return lines


_FILE = """\
/* {name}({about}) returns {sizes}.

   Arrays may be nested or flat, row by row, and typed. Written by chainrule. Doubles throughout; where a
   number leaves their range the results are infinite or NaN, as IEEE 754 has them, and where they have too
   few digits for a special function, an Error says so. For browsers and node, without anything else:
   import {{ {name} }} from "./{name}.js". */
{program}
/* The numbers of an argument, row by row; nested arrays must have its shape. */
function $given(name, given, shape, isBatch) {{
    const isArray = x => Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
    const isNested = x => Array.isArray(x) && x.some(isArray);
    const size = dimensions => dimensions.reduce((a, b) => a * b, 1);
    const numbers = [], path = [];
    const refuse = x => {{
        const named = [...(isBatch ? ["examples"] : []), ...shape].join(", ");
        const wanted = named ? `numbers of shape [${{named}}], nested or row by row` : "a number";
        const length = isArray(x) && `an array of length ${{x.length}}`;
        const found = length || (typeof x === "string" ? `"${{x}}"` : String(x));
        const at = path.length ? ` as ${{name}}[${{path.join("][")}}]` : "";
        throw (isArray(x) ? RangeError : TypeError)(`${{name}} takes ${{wanted}}; got ${{found}}${{at}}`);
    }};
    const read = (x, dimensions) => {{
        if (!isArray(x)) {{
            if (size(dimensions) !== 1 || !["number", "boolean", "bigint"].includes(typeof x)) refuse(x);
            numbers.push(Number(x));
            return;
        }}
        const nested = isNested(x);
        if (x.length !== (nested ? dimensions[0] : size(dimensions))) refuse(x);
        const rest = nested ? dimensions.slice(1) : [];
        for (let i = 0; i < x.length; i++) {{ path.push(i); read(x[i], rest); path.pop(); }}
    }};
    if (!isBatch) read(given, shape);
    else {{
        const examples = isNested(given) ? given.length : given?.length / (size(shape) || 1);
        if (!isArray(given) || !Number.isInteger(examples) || (examples < 1 && size(shape))) refuse(given);
        read(given, [examples, ...shape]);
    }}
    return numbers;
}}

const $numbers = [{numbers}];

/** The numbers of the parameters as they were. */
export const theta = [{theta}];

export function {name}({given}) {{
{body}
}}

export default {name};
"""
