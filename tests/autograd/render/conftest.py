"""Makes the shared graphs importable as ``drawings``; test folders are no packages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
