"""Makes the modules of this folder importable: tests are no package; `run.py` finds them so too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
