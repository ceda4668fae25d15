"""dam: a photo pipeline that cannot publish a child without valid consent."""

from __future__ import annotations

import os

# No plugin of another package sees what sidecars say; nor does every start look for some.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

__version__ = "0.1.0"
