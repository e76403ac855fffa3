"""``python -m autograd`` is the command ``chainrule``, which begins in `nn`.

The engine itself never imports `nn`.
"""

import runpy

if __name__ == "__main__":
    runpy.run_module("nn", run_name="__main__", alter_sys=True)
