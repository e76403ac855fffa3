"""Programs for XLA, on eight devices that one processor plays. JAX starts threads, which a process that forks
must not have, so `tests/autograd/compiler/test_xla.py` runs these in processes of their own."""

import os

import pytest

if os.environ.get("CHAINRULE_XLA"):
    # What LLVM makes of a program is not what is tested, and takes as long as all the rest.
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_optimization_level=0"
    import jax

    jax.config.update("jax_num_cpu_devices", 8)

    @pytest.fixture(scope="session")
    def mesh():
        return jax.make_mesh((8,), ("examples",))

    @pytest.fixture(autouse=True)
    def no_flag_is_left_behind():
        yield
        assert not jax.config.jax_enable_x64
        assert jax.config.jax_default_matmul_precision is None

else:
    collect_ignore_glob = ["*.py"]
