"""How Hypothesis draws: the same examples in every run, so that a run judges the change alone.

`pytest --hypothesis-profile=random` draws others each time, as `make fuzz` does.
"""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings

#: A busy machine is slow at drawing too; nothing here is timed.
_SLOW = [HealthCheck.too_slow]

settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("random", deadline=None, suppress_health_check=_SLOW)
settings.load_profile("same")

# Where no compiled modules are kept, each of the many processes that tests start compiles all of
# dam again; the children that look at photographs keep them anyway.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
