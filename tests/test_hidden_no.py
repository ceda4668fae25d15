"""A minor's age that stands inside other metadata keeps a photograph from being published."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dam.core.facts import VERSION, digest_of
from tests import photos
from tests.adapters.test_imaging_nested import HIDDEN, SAYS_NO, app13, resource
from tests.workspaces import NOBODY, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def with_hidden(segments: bytes) -> bytes:
    whole = photos.plain(1)
    return whole[:2] + segments + whole[2:]


def facts_of(workspace: Workspace) -> list[dict[str, object]]:
    return [
        json.loads(body)
        for (body,) in workspace.rows(
            "SELECT body FROM facts JOIN assets ON assets.facts_digest = facts.digest"
        )
    ]


def test_nobody_is_shown_is_not_believed_beside_a_hidden_age(workspace: Workspace) -> None:
    workspace.drop("plain.jpg", photos.plain(2), NOBODY)
    for place, (kind, build) in HIDDEN.items():
        name = f"{place.replace(' ', '-').replace('/', '-')}.{kind.lower()}"
        workspace.drop(name, build(SAYS_NO), NOBODY)
    found = {o["source"]: o["disposition"] for o in workspace.ingest()["assets"]}
    assert found.pop("plain.jpg") == "approved"
    assert set(found.values()) == {"held"}, found
    assert len(workspace.filed()) == 1


def test_what_an_earlier_version_passed_over_is_looked_at_again(workspace: Workspace) -> None:
    """The catalogue of a version that did not look there: its facts say so by their number."""
    workspace.drop("a.jpg", with_hidden(app13(resource(0x0424, SAYS_NO))), NOBODY)
    workspace.drop("b.jpg", photos.plain(2), NOBODY)
    workspace.ingest()
    assert sorted(a["disposition"] for a in workspace.assets().values()) == ["approved", "held"]
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        for digest, body in database.execute("SELECT digest, body FROM facts").fetchall():
            older = {**json.loads(body), "version": VERSION - 1}
            told = (digest_of(older), json.dumps(older), digest)
            database.execute("UPDATE facts SET digest = ?, body = ? WHERE digest = ?", told)
            for table in ("assets", "decisions"):
                database.execute(
                    f"UPDATE {table} SET facts_digest = ? WHERE facts_digest = ?",
                    (told[0], digest),
                )
        older_notes = "UPDATE notes SET value = ? WHERE key = 'facts'"
        database.execute(older_notes, (str(VERSION - 1),))
        database.commit()
    assert {f["version"] for f in facts_of(workspace)} == {VERSION - 1}
    workspace.ingest()
    assert {f["version"] for f in facts_of(workspace)} == {VERSION}
    assert len(workspace.filed()) == 1
    assert workspace.ask("status")["due"] == 0
    assert workspace.ingest()["assets"] == []
