"""A line of the log: whatever is put into it, only dam's own words come out."""

from __future__ import annotations

import errno
import json
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from dam.core import logline
from dam.core.errors import ConfigurationError, StorageError, WorkspaceBusy

AT = datetime(2021, 11, 18, 9, 30, 5, 123456, timezone(timedelta(hours=1)))
FIELDS = ("asset", "became", "rules", "error", "place", "command", "trouble", "held", "source")


def test_what_a_line_says() -> None:
    line = logline.line(
        AT,
        "asset",
        {
            "asset": "k7q2mz9a",
            "became": "held",
            "rules": ("faces-checked", "credited"),
            "error": None,
            "seconds": 0.25,
        },
    )
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "at": "2021-11-18T08:30:05.123Z",
        "event": "asset",
        "asset": "k7q2mz9a",
        "became": "held",
        "rules": ["faces-checked", "credited"],
        "seconds": 0.25,
    }


@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.one_of(
            st.text(min_size=1, max_size=20).map(lambda text: f"Qx{text}Élie"),
            st.sampled_from(["Amina Benali", "IMG_1.jpg", "a/b", "1 rue X", "x\ny", '"}{"']),
            st.lists(st.just("Zaïnab Qx"), min_size=1, max_size=3),
        ),
        max_size=4,
    )
)
def test_nothing_but_the_form_of_a_field_gets_in(fields: dict[str, object]) -> None:
    line = logline.line(AT, "asset", fields)
    assert line.count("\n") == 1
    told = json.loads(line)
    assert "source" not in told
    for name in fields.keys() - {"source"}:
        assert told[name] in (logline.UNFIT, ["?"] * len(told[name]))


def test_an_error_is_its_kind_and_number_never_its_words() -> None:
    error = StorageError("Storing Élie.jpg: no", "hint")
    assert logline.code(error) == "StorageError"
    error.__cause__ = OSError(errno.ENOSPC, "No space", "/home/elie/photo.jpg")
    assert logline.code(error) == "StorageError/ENOSPC"
    assert logline.code(PermissionError(errno.EACCES, "x", "/home")) == "PermissionError/EACCES"
    assert logline.code(ValueError("Élie")) == "ValueError"
    for told in ("StorageError/ENOSPC", "ValueError"):
        assert json.loads(logline.line(AT, "command", {"error": told}))["error"] == told
    assert logline.trouble(WorkspaceBusy("x")) == "workspace_busy"
    assert logline.trouble(ConfigurationError("x")) == "configuration_error"
