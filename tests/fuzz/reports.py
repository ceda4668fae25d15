"""Reports of audits that were damaged: read as they are, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from dam.adapters.reports import opened
from dam.core import reported
from dam.core.diff import compare
from dam.core.errors import UsageError
from tests.core.test_reported import REPORT, asset
from tests.fuzz.damage import Draw, damaged

_SEED = {**REPORT, "assets": [asset(f"k{number}") for number in range(4)]}


@st.composite
def reports(draw: Draw) -> tuple[bytes]:
    """The bytes of a report after some damage."""
    indent = draw(st.sampled_from((None, 1)))
    return (draw(damaged(json.dumps(_SEED, indent=indent).encode(), 3)),)


def read_report(data: bytes) -> None:
    """Nothing but UsageError is raised, in one line; what is read is what another reader finds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "r.json"
        path.write_bytes(data)
        with opened(path) as chunks:
            try:
                side = reported.read("r.json", chunks)
                rows, findings = [*side.rows()], [*side.findings()]
            except UsageError as error:
                refused = str(error)
                rows, findings = [], []
            else:
                refused = ""
                assert compare(side, side).nothing
    if refused:
        assert "\n" not in refused
        assert len(refused) < 2000
        return
    told: dict[str, Any] = json.loads(data.decode("utf-8-sig"))
    purpose = told["wanted"]["purpose"]
    assert [
        (r.asset, r.disposition, r.kinds, r.consents, r.until and r.until.isoformat()) for r in rows
    ] == [
        (a["asset"], a["dispositions"][purpose], frozenset(a["kinds"].get(purpose, ())),
         frozenset(a["consents"]), a["until"])
        for a in told["assets"]
    ]  # fmt: skip
    assert [(n.kind, n.severity, n.asset, n.pack, n.message["en"]) for n in findings] == [
        tuple(f[word] for word in ("kind", "severity", "asset", "pack", "message"))
        for f in told["findings"]
    ]
