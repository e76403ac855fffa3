"""How much a run of the tests draws: what a day's takes, or everything (``HYPOTHESIS_PROFILE=nightly``)."""

import os

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
