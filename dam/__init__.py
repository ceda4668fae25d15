"""dam: a photo pipeline that cannot publish a child without valid consent."""

from __future__ import annotations

__version__ = "0.1.0"
