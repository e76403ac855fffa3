"""The picture of the architecture: who imports whom, read from the syntax trees."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

from autograd.render.picture.layered import Item, assign_layers, order_layers, place_layers

ROOT = Path(__file__).resolve().parents[3]

# Each part of the picture: its name, what it does, and its modules (a package stands for all of its modules).
PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "errors": ("exceptions that say the remedy", ("errors",)),
    "generate": (
        "writes the C of the table while the package is built, and its JavaScript for pages",
        ("native.generate", "native.javascript"),
    ),
    "words": ("what readers see, in their language", ("words",)),
    "native": ("the engine in C, where that was compiled", ("native",)),
    "floats": ("values on floats, by IEEE's rules, within 2 ulp", ("floats",)),
    "form, op, ops": (
        "the table of operations: a row is all that is known of an operation",
        ("form", "op", "ops"),
    ),
    "modes": ("no_grad, detect_anomaly, scope: context managers", ("modes", "contexts")),
    "node": ("what a node holds", ("node", "blocks", "by_hand")),
    "backward": ("topological order, adjoints, backward", ("backward", "sweep", "joint")),
    "copying": ("copies and pickles of graphs", ("keep.copying",)),
    "Value": (
        "the node's operators and methods",
        ("value", "operators", "vectors", "lazy", "elsewhere", "ufuncs", "conversion"),
    ),
    "many": ("sum, dot, softmax, ...: over iterables, one node each", ("many",)),
    "calculus": ("grad, jvp, vjp, Jacobians, Hessians; recompute instead of storing", ("calculus",)),
    "custom": ("a user's own row of the table", ("custom",)),
    "keep": ("graphs as JSON; files", ("keep",)),
    "compiler": ("scalar graph to rolled program to NumPy or C", ("compiler",)),
    "render": ("pictures, derivations, the stepper", ("render",)),
    "testing": ("gradient checks, Hypothesis strategies", ("testing",)),
    "command line": ("a parser and a table of commands", ("cli", "__main__")),
    "nn": ("modules, losses, optimizers, data, training", ("nn",)),
}
PUBLIC = {"calculus", "many", "custom", "keep"}  # whose names `autograd` collects, beside what they import


@dataclass(slots=True)
class Part:
    """A box of the picture."""

    name: str
    files: list[Path] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)

    @property
    def lines(self) -> int:
        """Lines of its files, blank ones and docstrings included."""
        return sum(path.read_text(encoding="utf-8").count("\n") for path in self.files)


def _modules() -> dict[str, Path]:
    found = {}
    for package in ("autograd", "nn"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def _part_of(module: str) -> str | None:
    """Return the part that holds a module, itself where none is named.

    None for ``autograd``, which only collects names.
    """
    package, _, rest = module.partition(".")
    if package == "nn":
        return package
    key = rest.partition(".")[0]
    if not key:
        return None
    return next((part for part, (_, modules) in PARTS.items() if rest in modules or key in modules), key)


def _purpose(part: Part) -> str:
    """Return what a part does: as named above, or the first line of what its file says of itself."""
    if part.name in PARTS:
        return PARTS[part.name][0]
    return (
        (ast.get_docstring(ast.parse(part.files[0].read_text(encoding="utf-8"))) or "")
        .partition("\n")[0]
        .rstrip(".")
    )


def _imports(path: Path, modules: dict[str, Path]) -> set[str]:
    """Return the project's modules that a file imports as it is imported, by the names it takes from them."""
    found = set()
    pending = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in inner}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            pending += node.body + node.orelse
        elif isinstance(node, ast.Try):
            pending += node.body
    return found & set(modules)


def parts() -> dict[str, Part]:
    """Return every part that exists, with its files and the parts that it imports."""
    modules = _modules()
    result = {name: Part(name) for name in PARTS}
    for module, path in modules.items():
        home = _part_of(module)
        if home is None:
            continue
        result.setdefault(home, Part(home)).files.append(path)
        for imported in _imports(path, modules):
            # What is taken from the package itself may be any of its public names.
            targets = PUBLIC if imported == "autograd" else {_part_of(imported)}
            result[home].imports |= {target for target in targets if target is not None and target != home}
    return {name: part for name, part in result.items() if part.files}


def reduced(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each edge that a longer way implies.

    Examples
    --------
    >>> reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'a': {'b'}, 'b': {'c'}, 'c': set()}
    """

    def below(start: str) -> set[str]:
        seen: set[str] = set()
        stack = [start]
        while stack:
            for target in edges.get(stack.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    stack.append(target)
        return seen

    return {
        a: {b for b in targets if not any(b in below(other) for other in targets - {b})}
        for a, targets in edges.items()
    }


LABEL = "Which part of the project imports which"
BOX_WIDTH, BOX_HEIGHT, LAYER_GAP, MARGIN = 148.0, 46.0, 44.0, 6.0


def graph() -> dict[str, set[str]]:
    """Return the edges of the picture: what each part imports, without what follows from a longer way."""
    everything = parts()
    return reduced({name: part.imports & set(everything) for name, part in everything.items()})


def picture() -> str:
    """Return the picture as inline SVG; what is imported stands below."""
    edges, described = graph(), parts()
    items = {name: Item(name, BOX_HEIGHT, BOX_WIDTH) for name in edges}
    assign_layers(
        list(items.values()),
        [(items[name], items[target]) for name, targets in edges.items() for target in targets],
    )
    layers: list[list[Item]] = [[] for _ in range(1 + max(item.layer for item in items.values()))]
    for item in items.values():
        layers[item.layer].append(item)
    chains = [
        _chain(items[name], items[target], layers)
        for name, targets in edges.items()
        for target in sorted(targets)
    ]
    order_layers(layers, sweeps=24)
    breadth = place_layers(layers, sweeps=24)
    pitch = BOX_HEIGHT + LAYER_GAP
    width, height = breadth + 2 * MARGIN, len(layers) * pitch - LAYER_GAP + 2 * MARGIN
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
    svg = [
        f'<svg class="parts" xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{LABEL}">',
        *(f'<path class="wire" d="{_curve(chain, pitch)}"/>' for chain in chains),
    ]
    for name, item in items.items():
        x, y = MARGIN + item.at - BOX_WIDTH / 2, MARGIN + item.layer * pitch
        middle = x + BOX_WIDTH / 2
        svg.append(
            f'<g><title>{escape(_purpose(described[name]))}</title><rect x="{x:.1f}" y="{y:.1f}" '
            f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
            f'<text x="{middle:.1f}" y="{y + 20:.1f}">{escape(name)}</text>'
            f'<text class="quiet" x="{middle:.1f}" y="{y + 36:.1f}">{described[name].lines:,} '
            'lines</text></g>'
        )  # fmt: skip
    return f'<figure class="wide">{"".join(svg)}</svg></figure>'


def _chain(upper: Item, lower: Item, layers: list[list[Item]]) -> list[Item]:
    """Return the way of an edge, with a slot of its own in each layer that it passes."""
    chain = [upper]
    for layer in range(upper.layer + 1, lower.layer):
        slot = Item((upper.key, lower.key, layer), BOX_HEIGHT, 4.0, layer, solid=False)
        layers[layer].append(slot)
        chain.append(slot)
    chain.append(lower)
    for a, b in pairwise(chain):
        a.after.append(b)
        b.before.append(a)
    return chain


def _curve(chain: list[Item], pitch: float) -> str:
    """Return the path along a chain: straight through a layer, bent between two."""
    parts_of_path = [f"M{MARGIN + chain[0].at:.1f} {MARGIN + chain[0].layer * pitch + BOX_HEIGHT:.1f}"]
    for a, b in pairwise(chain):
        x, y, u, v = (
            MARGIN + a.at,
            MARGIN + a.layer * pitch + BOX_HEIGHT,
            MARGIN + b.at,
            MARGIN + b.layer * pitch,
        )
        parts_of_path.append(
            f"C{x:.1f} {y + LAYER_GAP / 2:.1f} {u:.1f} {v - LAYER_GAP / 2:.1f} {u:.1f} {v:.1f}"
        )
        if b is not chain[-1]:
            parts_of_path.append(f"V{v + BOX_HEIGHT:.1f}")
    return "".join(parts_of_path)


def table() -> str:
    """Return the parts as a table: what each does, and its files."""
    rows = ["| part | what it does | files |", "|---|---|---|"]
    for name, part in parts().items():
        files = ", ".join(f"`{path.relative_to(ROOT).as_posix()}`" for path in part.files[:4])
        more = f" and {len(part.files) - 4} more" if len(part.files) > 4 else ""
        rows.append(f"| {name} | {_purpose(part)} | {files}{more} |")
    return "\n".join(rows)
