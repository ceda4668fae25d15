"""Reports of audits that somebody else may have written."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from dam.core import reported
from dam.core.diff import Compared, Noted, Side
from dam.core.errors import UsageError
from dam.core.findings import Severity
from dam.core.model import Disposition, Purpose
from dam.core.report import Kind

Json = dict[str, Any]


def asset(name: str, **said: object) -> Json:
    return {
        "asset": name,
        "dispositions": {p.value: "approved" for p in Purpose} | {"press": "held"},
        "kinds": {"press": ["expired", "expired", "embargo"]},
        "consents": ["C-2", "C-1"],
        "until": "2027-01-31",
        **said,
    }


REPORT: Json = {
    "as_of": "2026-11-01",
    "wanted": {
        "since": None, "until": "2026-10-31", "programme": "amal", "place": None,
        "photographer": None, "purpose": "press", "kinds": ["expired"], "expiring_within": 30,
    },
    "assets": [asset("a"), asset("b", until=None)],
    "totals": {"assets": 2, "held": 2},
    "findings": [
        {"kind": "expired", "severity": "high", "asset": "a", "pack": None, "subjects": ["S-1"],
         "message": "It is over.", "advice": "Renew."},
    ],
    "rule_pack": "p",
    "ledger": {"events": 7, "head": "h", "origin": "o"},
}  # fmt: skip


def read(body: object) -> Side:
    text = body if isinstance(body, str) else json.dumps(body, indent=2)
    return reported.read("old.json", lambda: [text])


def test_a_report_is_what_it_says() -> None:
    side = read(REPORT)
    assert (side.name, side.as_of.isoformat()) == ("old.json", "2026-11-01")
    assert side.wanted == REPORT["wanted"]
    assert side.totals == {"assets": 2, "held": 2}
    assert (side.rule_pack, side.ledger, side.origin) == ("p", (7, "h"), "o")
    first, second = side.rows()
    assert first.asset == "a"
    assert first.disposition is Disposition.HELD, "that for the purpose of the audit"
    assert first.kinds == {Kind.EXPIRED, Kind.EMBARGO}
    assert first.consents == {"C-1", "C-2"}
    assert str(first.until) == "2027-01-31"
    assert isinstance(second, Compared)
    assert second.until is None
    assert [*side.findings()] == [
        Noted(Kind.EXPIRED, "a", None, Severity.HIGH, {"en": "It is over."})
    ]
    assert [*side.rows()] == [first, second], "it can be read again"


def test_words_of_a_newer_dam_and_another_order_are_taken() -> None:
    body = deepcopy(REPORT)
    body["new"] = {"deep": [{"a": []}]}
    body["assets"][0]["new"] = body["wanted"]["new"] = body["ledger"]["new"] = 1
    body["assets"][0]["dispositions"]["drone"] = "held"
    del body["ledger"]["origin"]
    turned = dict(reversed(body.items()))
    assert [*read(turned).rows()] == [*read(REPORT).rows()]
    assert read(turned).origin == ""


def changed(path: str, value: object) -> Json:
    """The report with another value at `a.0.b`; without it where the value is `...`."""
    body: Json = deepcopy(REPORT)
    *way, word = path.split(".")
    node: Any = body
    for step in way:
        node = node[int(step) if step.isdigit() else step]
    if value is ...:
        del node[word]
    else:
        node[int(word) if word.isdigit() else word] = value
    return body


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("as_of", ..., "as_of: "),
        ("as_of", "01/11/2026", "as_of: "),
        ("as_of", 20261101, "as_of: "),
        ("wanted", None, "wanted: "),
        ("wanted.purpose", "tv", "wanted.purpose: "),
        ("wanted.expiring_within", "30", "wanted.expiring_within: "),
        ("totals.assets", -1, "totals.assets: "),
        ("totals.assets", 1.5, "totals.assets: "),
        ("totals.assets", True, "totals.assets: "),
        ("totals." + "x" * 199, -1, "totals.xxx"),
        ("ledger", ..., "ledger: "),
        ("ledger.events", "7", "ledger.events: "),
        ("rule_pack", ["p"], "rule_pack: "),
        ("rule_pack", "p" * 300, "rule_pack: "),
        ("assets", ..., "assets: a list of them is missing"),
        ("assets", {}, "assets: a list of them is missing"),
        ("assets", None, "assets: a list of them is missing"),
        ("findings", ..., "findings: a list of them is missing"),
        ("assets.1.asset", "a", "assets[1]: the assets are not in the order"),
        ("assets.1.asset", "", "assets[1].asset: "),
        ("assets.1.asset", 3, "assets[1].asset: "),
        ("assets.1", "b", "assets[1]: "),
        ("assets.1.until", "soon", "assets[1].until: "),
        ("assets.1.until", ..., "assets[1].until: "),
        ("assets.1.consents", "C-1", "assets[1].consents: "),
        ("assets.1.kinds", ..., "assets[1].kinds: "),
        ("assets.1.kinds.press", ["Qxsecret"], "assets[1].kinds.press.0: "),
        ("assets.1.dispositions.press", "Qxsecret", "assets[1].dispositions.press: "),
        ("assets.1.dispositions.press", ..., "assets[1]: dispositions lacks press"),
        ("findings.0.kind", "Qxsecret", "findings[0].kind: "),
        ("findings.0.pack", ..., "findings[0].pack: "),
        ("findings.0.message", "\ud800", "findings[0]: "),
        ("wanted.programme", "x" * (reported.MAX_HEADER + 1), "too long"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_its_place(
    path: str, value: object, where: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read(changed(path, value))
    told = str(refused.value)
    assert told.startswith("old.json is no report of an audit: ")
    assert where in told
    assert "\n" not in told
    assert "Qxsecret" not in told, "what stands there may be personal"
    assert len(told) < 500


def test_no_json_and_other_json_are_refused() -> None:
    for text in ("", "null", "[]", "{}", "asset,disposition\r\n", '{"diff": {"assets": []}}'):
        with pytest.raises(UsageError, match=r"^old\.json is no report of an audit: "):
            read(text)
