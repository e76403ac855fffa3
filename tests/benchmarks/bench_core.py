"""Speed and memory of the engine beside PyPI's micrograd: ``python tests/benchmarks/bench_core.py``.

The same as ``chainrule bench``; see `nn.cli.bench` for what is measured and how.
"""

import sys

from nn.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", *sys.argv[1:]]))
