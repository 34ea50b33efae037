"""numpy, loaded when it is first used.

For modules that the definitions load: definitions compute nothing, and numpy takes a sixth of
Dagster's time. Annotations there must not be evaluated (`from __future__ import annotations`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
else:

    class _NumpyOnDemand:
        def __getattr__(self, name: str) -> object:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)  # looked up once
            return value

    np = _NumpyOnDemand()

__all__ = ["np"]
