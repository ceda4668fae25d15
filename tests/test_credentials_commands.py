"""`dam credentials` and what `dam doctor` says of it, through the command line."""

from __future__ import annotations

import ast
import os
from datetime import timedelta
from pathlib import Path

import pytest

from dam.adapters import certificates, credentials
from dam.adapters.credentials_check import check_signed
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace as Places
from dam.adapters.settings import load_settings
from dam.core import errors
from dam.core.credentials import Deed, claim_of
from dam.core.facts import Facts
from dam.core.model import Purpose
from dam.render import phrases
from tests import leaks, photos, signing
from tests.adapters.jpegs import RIGHTS, rendition
from tests.workspaces import EMPTY_HALL, Json, Workspace, sha256

CREATE = ("credentials", "create", "--organisation", "Programme AMAL")
NAME = "content credentials"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "amal")


def made(workspace: Workspace, days: int = 400, ago: timedelta = timedelta(0)) -> Path:
    """A certificate, made that long ago, as the command makes it; its folder."""
    place = workspace.root / ".dam" / "credentials"
    certificates.create(place, "Programme AMAL", days, signing.now() - ago, replace=True)
    return place


def doctor(workspace: Workspace) -> Json:
    (found,) = (c for c in workspace.ask("doctor")["checks"] if c["name"] == NAME)
    assert isinstance(found, dict)
    return found


def modes(workspace: Workspace) -> dict[str, int]:
    place = workspace.root / ".dam" / "credentials"
    return {p.name: p.stat().st_mode & 0o777 for p in (place, *place.iterdir())}


def test_a_certificate_is_made_shown_and_signs(workspace: Workspace) -> None:
    assert doctor(workspace)["level"] == "fine"
    told = workspace.json(*CREATE, "--days", "730")
    assert told["written"] == [
        f".dam/credentials/{name}.pem" for name in ("certificate", "authority", "key")
    ]
    found = told["certificate"]
    assert (found["subject"], found["own"], found["algorithm"]) == ("Programme AMAL", True, "es256")
    assert len(found["fingerprint"]) == 64
    assert modes(workspace) == {
        "credentials": 0o700, "certificate.pem": 0o600, "authority.pem": 0o600, "key.pem": 0o600,
    }  # fmt: skip
    shown = workspace.json("credentials", "show")
    assert shown == {"certificate": found, "usable": True, "problem": None}
    assert doctor(workspace)["level"] == "fine"
    places = Places.at(workspace.root, load_settings(workspace.root, {}))
    signer = credentials.open_signer(places.certificate, places.key, signing.now())
    after = signer.signed(rendition(), claim_of(RIGHTS, Purpose.PRESS, Deed))
    anchor = places.certificate.with_name("authority.pem").read_text()
    assert credentials.read(after, anchor).state == credentials.TRUSTED


def test_the_desk_signs_what_stands_in_the_archive(workspace: Workspace, tmp_path: Path) -> None:
    """A rendition of a camera's picture, with its profile; nothing of the original gets in."""
    workspace.drop("IMG_0001.JPG", photos.jpeg(1, orientation=6), EMPTY_HALL)
    assert workspace.ingest()["counts"]["approved"] == 1
    made(workspace)
    (name,) = workspace.filed()
    before = (workspace.archive / name).read_bytes()
    path = tmp_path / "a.jpg"
    path.write_bytes(before)
    places = Places.at(workspace.root, settings := load_settings(workspace.root, {}))
    with open_desk(places, settings, signing.now) as desk:
        rights, _ = desk.credits.rights(facts_of(desk), pack="P-1")
        claim = claim_of(rights, Purpose.PRESS, [Deed.TURNED, Deed.CREDITED])
        signed = desk.signer().sign(path, claim)
    after = path.read_bytes()
    assert (signed.sha256, signed.size) == (sha256(after), len(after))
    assert check_signed(before, after, claim) == ()
    assert not [word for word in photos.SECRETS if word in after]
    assert leaks.found_in(after, {"IMG_0001", "15:04"}) == set()
    # The packs' pictures in the archive itself stay as they were.
    assert (workspace.archive / name).read_bytes() == before


def facts_of(desk: Desk) -> Facts:
    (row,) = desk.catalog.assets()
    facts = desk.facts(row)
    assert facts is not None
    return facts


def test_another_takes_its_place_only_where_that_is_asked_for(workspace: Workspace) -> None:
    first = workspace.json(*CREATE)["certificate"]
    before = workspace.snapshot()
    done = workspace.run(*CREATE, code=errors.USAGE)
    assert b"already" in done.stderr
    assert workspace.snapshot() == before
    second = workspace.json(*CREATE, "--replace")["certificate"]
    assert second["fingerprint"] != first["fingerprint"]
    assert workspace.json("credentials", "show")["certificate"] == second


@pytest.mark.parametrize("name", ["", "   ", "x" * 65])
def test_a_name_that_cannot_stand_in_a_certificate(workspace: Workspace, name: str) -> None:
    words = ("credentials", "create", "--organisation", name)
    assert b"at most 64" in workspace.run(*words, code=errors.USAGE).stderr
    assert not (workspace.root / ".dam" / "credentials").exists()


def test_a_certificate_from_elsewhere_is_named_in_the_settings(
    workspace: Workspace, tmp_path: Path
) -> None:
    authority, key = signing.Authority(), signing.p256()
    chain = signing.pem(authority.issue(key), authority.certificate())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    paths = signing.files(elsewhere, chain, signing.secret(key))
    settings = workspace.root / "dam.toml"
    settings.write_text(f'[credentials]\ncertificate = "{paths[0]}"\nkey = "{paths[1]}"\n')
    shown = workspace.json("credentials", "show")
    assert shown["usable"]
    assert (shown["certificate"]["issuer"], shown["certificate"]["own"]) == ("Root", False)
    assert doctor(workspace)["found"].startswith("a certificate until")
    assert b"names another" in workspace.run(*CREATE, code=errors.USAGE).stderr
    # One of the two alone is no pair with what is made here.
    settings.write_text(f'[credentials]\ncertificate = "{paths[0]}"\n')
    assert not workspace.json("credentials", "show")["usable"]
    made(workspace)
    assert "belongs to another" in workspace.json("credentials", "show")["problem"]


def test_none_is_no_fault_until_it_is_asked_for(workspace: Workspace) -> None:
    assert doctor(workspace)["found"] == "none: pictures go out unsigned"
    done = workspace.run("credentials", "show", code=errors.USAGE)
    assert b"dam credentials create" in done.stderr
    assert done.stdout == b""


def test_an_ended_one_and_one_that_ends_soon(workspace: Workspace) -> None:
    made(workspace, days=30)
    found = doctor(workspace)
    assert (found["level"], "--replace" in found["advice"]) == ("note", True)
    assert workspace.json("credentials", "show")["usable"]
    made(workspace, days=30, ago=timedelta(days=31))
    found = doctor(workspace)
    assert (found["level"], "ended on" in found["found"]) == ("bad", True)
    shown = workspace.json("credentials", "show")
    assert (shown["usable"], "ended on" in shown["problem"]) == (False, True)


def test_a_key_that_is_gone_open_or_another_ones(workspace: Workspace) -> None:
    place = made(workspace)
    key = (place / "key.pem").read_bytes()
    (place / "key.pem").chmod(0o644)
    assert "open to other users" in doctor(workspace)["found"]
    made(workspace)
    (place / "key.pem").write_bytes(key)
    assert "belongs to another certificate" in doctor(workspace)["found"]
    (place / "key.pem").unlink()
    assert "no key" in doctor(workspace)["found"]
    (place / "certificate.pem").unlink()
    assert doctor(workspace)["level"] == "fine"


def test_without_the_package(workspace: Workspace, tmp_path: Path) -> None:
    made(workspace)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "c2pa.py").write_text("raise ImportError('not here')\n")
    paths = [str(bare), *filter(None, [os.environ.get("PYTHONPATH")])]
    shown = workspace.json("credentials", "show", env={"PYTHONPATH": os.pathsep.join(paths)})
    assert (shown["usable"], "pip install" in shown["problem"]) == (False, True)


@pytest.mark.parametrize(("lang", "word"), [("fr", "visionneuses"), ("ar", "مجهولا")])
def test_it_is_said_plainly_in_every_language(workspace: Workspace, lang: str, word: str) -> None:
    for words in (CREATE, ("credentials", "show")):
        told = workspace.run("--lang", lang, *words).stdout.decode()
        assert word in told
        assert "docs/credentials.md" in told
    (workspace.root / ".dam" / "credentials" / "key.pem").chmod(0o644)
    told = workspace.run("--lang", lang, "credentials", "show").stdout.decode()
    assert "open to other users" not in told


def test_every_reason_is_known_in_all_languages() -> None:
    told = set()
    for module in (certificates, credentials):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "ConfigurationError",
                "RenditionRefused",
            ):
                told |= {_text(argument) for argument in node.args}
    told -= {""}
    made_only = {one for one in told if "already" in one or "key is gone" in one}
    assert len(told) > 20
    assert {one for one in told - made_only if phrases.recognised(one) is None} == set()


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "key" for p in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""
