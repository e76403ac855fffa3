"""A backward pass that plays by itself: what flows back appears edge by edge, gradients as they are complete.

An SVG file that moves by its own style sheet, without a script, so that it moves in a README and on a slide;
where the reader's system asks for no motion it is still. A GIF is a row of such pictures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from autograd.backward import toposort
from autograd.errors import optional
from autograd.render.derive.steps import positioned_edges
from autograd.render.picture.graph import Picture
from autograd.render.picture.raster import INSTALL, rastered
from autograd.value import Value
from autograd.words import gettext

__all__ = ["gif", "moments", "moving", "still"]

REST: Final = 3  # steps for which the end is shown


def moments(graph: Picture, root: Value) -> dict[str, int]:
    """Return for each edge the step of the backward pass in which it is passed, for each box the last one.

    The root's gradient is there at step 0.
    """
    nodes = toposort(root)
    names = {v: box.id for v, box in zip(nodes, graph.nodes, strict=True)}
    edges = iter(graph.edges)
    listed = {v: [(p, next(edges).id, local) for _, p, local in positioned_edges(v)] for v in nodes}
    found = {names[nodes[-1]]: 0}
    step = 0
    for v in reversed(nodes):
        for parent, edge, local in listed[v]:
            if local is not None and names[v] in found:
                step += 1
                found[edge] = found[names[parent]] = step
    return found


def moving(found: dict[str, int], seconds: float) -> tuple[str, dict[str, str]]:
    """Return a style sheet, and for each edge and box the attributes by which it appears in its step."""
    last = max(found.values(), default=0)
    whole = last + 1 + REST
    rules = []
    for step in range(1, last + 1):
        start, end = 100.0 * step / whole, 100.0 * (step + 0.4) / whole
        rules.append(
            f"@keyframes ag{last}-{step}{{0%,{start:.2f}%{{opacity:0}}{end:.2f}%,100%{{opacity:1}}}}"
            f".ag .m{last}-{step}{{animation:ag{last}-{step} {seconds * whole:.2f}s linear infinite}}"
        )
    calm = "@media(prefers-reduced-motion:reduce){.ag g,.ag text{animation:none!important}}"
    shown = {part: f'class="m{last}-{step}"' for part, step in found.items() if step}
    return "".join(rules) + calm, shown


def still(found: dict[str, int]) -> Iterator[dict[str, str]]:
    """Yield for each step the attributes that hide what has not been reached."""
    for now in range(max(found.values(), default=0) + 1):
        yield {part: 'opacity="0"' for part, step in found.items() if step > now}


def gif(pictures: list[str], seconds: float) -> bytes:
    """Return SVG pictures as a GIF that plays again and again."""
    images = optional("PIL.Image", gettext("An animated GIF"), "pip install pillow", what="Pillow")
    frames = []
    for picture in pictures:
        drawn = rastered(picture, "png")
        if drawn is None:
            optional("resvg_py", gettext("An animated GIF"), INSTALL)
        frame = images.open(io.BytesIO(drawn or b"")).convert("RGBA")
        page = images.new("RGBA", frame.size, "white")  # its corners are round
        frames.append(images.alpha_composite(page, frame).convert("P", palette=images.Palette.ADAPTIVE))
    times = [round(1000 * seconds)] * (len(frames) - 1) + [round(1000 * seconds * REST)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return out.getvalue()
