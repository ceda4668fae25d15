"""CEL's compiler, without the command line that its package brings along.

`import cel` imports `cel.cli`, and with it prompt_toolkit and half of rich: a fifth of what a
short command of dam takes. An empty module stands in its place while the package is imported.
"""

from __future__ import annotations

import sys
from types import ModuleType

_TOOL = "cel.cli"
_stands_in = "cel" not in sys.modules and _TOOL not in sys.modules
if _stands_in:
    sys.modules[_TOOL] = ModuleType(_TOOL)
try:
    import cel
finally:
    if _stands_in:
        sys.modules.pop(_TOOL, None)

__all__ = ["cel"]
