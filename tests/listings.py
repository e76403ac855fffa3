"""What the listing of a compiled function computes, by itself, from the leaves of its program."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd import ops
from autograd.compiler.backends.numpy.spelling import function_of
from autograd.compiler.listing.nests import listed
from autograd.compiler.roll.program import LANES

__all__ = ["Arenas", "run_source"]


class Arenas(dict):
    """Names of a printed program: what is assigned to one goes to the place where the program keeps it."""

    def __init__(self, program, writer, engine):
        # Nothing but the leaves is there at first, so that a listing that leaves something out cannot be
        # right.
        there, program = program, writer.program  # which may be laid out anew
        shared = np.full(program.shared, np.nan)
        lanes = np.full((program.lanes, engine.rows.shape[1]), np.nan)
        leaves = program.graph.is_leaf() & (program.address >= 0)
        places, origins = program.address[leaves], there.address[leaves]
        for arena, whole, base, here in (
            (shared, engine.shared, 0, places < LANES),
            (lanes, engine.rows, LANES, places >= LANES),
        ):
            arena[places[here] - base] = whole[origins[here] - base]
        if program.one >= 0:
            shared[program.one] = 1.0
        count = program.parameters
        shared[count : 2 * count] = 0.0
        self.places = {
            r.name: self.view(lanes, r.base - LANES, r.shape, r.strides)
            if r.lane
            else self.view(shared, r.base, r.shape, r.strides)
            for r in writer.regions.list
            if r.name.isidentifier() and r.base >= 0
        }
        super().__init__(
            {writer.everything: shared[:count], **self.places}, shared=shared, lanes=lanes,
            gradient=shared[count : 2 * count], N=engine.lanes, empty=lambda shape: np.full(shape, np.nan),
            view=self.view, **writer.constants,
        )  # fmt: skip

    @staticmethod
    def view(arena, base, sizes, strides):
        inner = arena.strides[0] if arena.ndim == 2 else 8
        return as_strided(
            arena[base:], sizes + arena.shape[1:], tuple(inner * s for s in strides) + arena.strides[1:]
        )

    def __setitem__(self, name, value):
        if name in self.places:
            self.places[name][...] = value
        else:
            super().__setitem__(name, value)


def by_row(op):
    def apply(*given):
        count = op.arity if op.arity > 0 else len(given) - len(op.params)
        operands, params = given[:count], [*given[count:], *list(op.params.values())[len(given) - count :]]
        out = np.empty(np.broadcast_shapes(*map(np.shape, operands)))
        function_of(op)(*operands, *params, out)
        return out

    return apply


def run_source(step):
    """Execute the printed program on the engine's own leaves; return names, and what the writer knows."""
    structure, engine = step._latest
    writer, lines = listed(structure.program)
    assert step.source == "\n".join(lines)
    rows = [
        ops.sech,
        *(op for op, _ in structure.program.graph.rows),
    ]  # sech_squared is printed as sech(x) ** 2
    space = {**vars(np), **{op.name: by_row(op) for op in rows if op.name not in vars(np)}}
    names = Arenas(structure.program, writer, engine)
    exec(step.source, space, names)
    return names, writer
