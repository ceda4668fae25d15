"""dam: a photo pipeline that cannot publish a child without valid consent."""

from __future__ import annotations

import os

# What happens to be installed beside dam has no part in reading consents or photographs.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

__version__ = "0.1.0"
