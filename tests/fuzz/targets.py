"""The targets by name: what is drawn, and what is done with it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from tests.fuzz import blocks, containers, reports, sheets, workbooks


@dataclass(frozen=True, slots=True)
class Target:
    """`shapes` draws the arguments of `read`, which raises where dam is wrong."""

    shapes: SearchStrategy[tuple[Any, ...]]
    read: Callable[..., None]

    def test(self, examples: int, *, shrink: bool = True) -> Callable[[], None]:
        """A Hypothesis test of so many examples; it raises with the smallest input it found."""

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, *((Phase.shrink,) if shrink else ())),
        )
        @given(self.shapes)
        def fuzz(drawn: tuple[Any, ...]) -> None:
            with warnings.catch_warnings():
                # Pillow, the other reader, warns of whatever is odd.
                warnings.simplefilter("ignore")
                self.read(*drawn)

        return fuzz


TARGETS = {
    "sheet": Target(sheets.texts(), sheets.read_text),
    "table": Target(sheets.tables(), sheets.read_table),
    "workbook": Target(workbooks.workbooks(), workbooks.read_workbook),
    "report": Target(reports.reports(), reports.read_report),
    "exif": Target(blocks.exif_blocks(), blocks.read_exif),
    "iim": Target(blocks.iim_blocks(), blocks.read_iim),
    "xmp": Target(blocks.xmp_packets(), blocks.read_xmp),
    "picture": Target(containers.pictures(), containers.read_picture),
    "rendition": Target(containers.renditions(), containers.read_rendition),
}
