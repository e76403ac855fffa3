"""What the README promises: two commands, a picture of the project's own, and links that lead somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_quick_start_is_two_commands():
    section = re.split(r"^## ", README, flags=re.MULTILINE)[1]
    assert section.startswith("Quick start")
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert [block.strip() for block in blocks] == [
        "python3 -m venv .venv && .venv/bin/pip install -e '.[plot]' && .venv/bin/chainrule demo",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
    ]


def test_every_local_link_and_picture_exists():
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", README) + re.findall(r'src(?:set)?="([^"]+)"', README)
    local = [target for target in targets if not target.startswith("http")]
    assert local
    for target in local:
        assert (ROOT / target).exists(), target


def test_the_picture_is_what_the_tours_first_example_draws():
    from autograd import Value, draw

    w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
    loss = ((w * x + b).tanh() - y) ** 2
    loss.label = "loss"
    loss.backward()
    stored = (ROOT / "notebooks" / "pictures" / "neuron.svg").read_bytes()
    moving = draw(loss, engine="builtin").animate(seconds=0.9)
    assert moving == stored, "draw it again: the renderer has changed"
