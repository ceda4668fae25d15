"""People who are told of by name, and a search for them in whatever comes out."""

from __future__ import annotations

import io
import json
import sqlite3
import unicodedata
from pathlib import Path
from typing import Any

import yaml
from openpyxl import Workbook

from dam.core import errors
from tests import photos
from tests.workspaces import PHOTOGRAPHER, Workspace, invoked

Json = dict[str, Any]


#: Told to the register, each once: by YAML, JSON, CSV and XLSX.
PEOPLE: dict[str, dict[str, str]] = {
    "S-1": {
        "name": "Zaïnab Qxéloufi", "first_name": "Zaïnabelle", "contact": "+212 677 001 122",
        "birth_date": "2011-04-03", "giver": "Moûnir Qxéloufi", "giver_contact": "m@qx1.example",
        "witness": "Hâj Qxabdellâh", "evidence": "Acte n° QX-881 de Fès",
    },
    "S-2": {
        "name": "قكسزينب الوهرانية", "first_name": "قكسزينب", "contact": "هاتف ٠٦٧٧٠٠٢٢٣٣",
        "birth_date": "2010-09-17", "giver": "قكسمنير الوهراني", "giver_contact": "w@qx2.example",
        "witness": "الحاج قكسعبدو", "evidence": "عقد قكس رقم ٨٨٢",
    },
    "S-3": {
        "name": "Noé Qxünwald", "first_name": "Noéline", "contact": "+49 170 QX3",
        "birth_date": "2009-12-24", "giver": "Jürgen Qxünwald", "giver_contact": "qx3@qx.example",
        "witness": "Schwester Qxädelgard", "evidence": "Qxürkunde 883",
    },
    "S-4": {
        "name": "Ngô Qxthị Hương", "first_name": "Qxhương", "contact": "+84 QX4 4455",
        "birth_date": "2012-02-29", "giver": "Ngô Qxvăn Đức", "giver_contact": "qx4@qx.example",
        "witness": "Bà Qxlan", "evidence": "Giấy Qxsố 884",
    },
}  # fmt: skip
REASON = "sa tante Qxfâtiha a téléphoné"
EVENT_BY = "Tante Qxfâtiha"
RISK_BY = "Qxdirectrice-Amal"
SCAN = "autorisation-qxéloufi.pdf"
#: In the photograph's own metadata.
SHOWN = "Qxpersonne Ménélik"
#: Written by mistake where no name belongs, in sidecars and sheets that are refused.
MISPLACED = ("Qxzakia", "qxminuscule", "Qxpère", "13/07/2008", "1_2008", "2008-13-07", "قكسخطأ")
#: A camera's caption names somebody: kept with the facts, told by `dam show` alone.
CAPTION = "Qxlégendaire"
#: Names of files and folders as somebody dropped them.
FILE, FOLDER = "Qxnommé Élie", "Qxdossier"

SAID = tuple(
    dict.fromkeys(
        (*(text for told in PEOPLE.values() for text in told.values()), REASON, EVENT_BY, RISK_BY,
         SCAN, SHOWN, *MISPLACED)
    )
)  # fmt: skip
DROPPED = (FILE, FOLDER)


def forms(text: str) -> set[bytes]:
    """A text as it may stand in a file, in the encodings and spellings that programs use."""
    found = {json.dumps(text)[1:-1].encode(), text.encode("ascii", "backslashreplace")}
    for form in ("NFC", "NFD"):
        spelt = unicodedata.normalize(form, text)
        for said in (spelt, spelt.casefold(), spelt.upper()):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp1256"):
                try:
                    found.add(said.encode(encoding))
                except UnicodeEncodeError:
                    continue
    return {form for form in found if len(form) >= 6}


FORMS = {text: forms(text) for text in (*SAID, CAPTION, *DROPPED)}


def leaks(data: bytes | str, texts: tuple[str, ...]) -> list[str]:
    """Which of the planted texts stand in it."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
    return [text for text in texts if any(form in raw for form in FORMS[text])]


def record(number: int) -> Json:
    """A record that tells of everybody by name; adults, so that a picture gets out."""
    who = PEOPLE[f"S-{number}"]
    return {
        "id": f"C-{number}",
        "subject": {
            "id": f"S-{number}", "age_band": "6-11", "situation": "other", "risk": "low",
            "unaccompanied": "no", "name": who["name"], "first_name": who["first_name"],
            "contact": who["contact"], "birth_date": who["birth_date"],
        },
        "notice": {"ref": "F-2", "language": "fr"},
        "scope": {
            "purposes": ["press"], "territories": ["world"], "valid_from": "2021-11-01",
            "valid_until": "2027-01-31",
        },
        "permissions": {"face": "yes", "name": "none", "location": "exact"},
        "givers": [
            {
                "role": "parent", "method": "written", "on": "2021-10-28", "name": who["giver"],
                "contact": who["giver_contact"], "witness": who["witness"],
                "authority_evidence": who["evidence"],
            }
        ],
        "child_assent": "given",
        "events": [{"state": "given", "on": "2021-10-28"}],
    }  # fmt: skip


def table_row(number: int) -> dict[str, str]:
    item = record(number)
    (giver,), (event,) = item["givers"], item["events"]
    subject, scope = item["subject"], item["scope"]
    return {
        "fiche": item["id"], "personne": subject["id"], "âge": subject["age_band"],
        "situation": "other", "risque": "low", "non accompagné": "no",
        "nom de la personne": subject["name"], "prénom": subject["first_name"],
        "contact de la personne": subject["contact"], "date de naissance": subject["birth_date"],
        "formulaire": "F-2", "langue": "fr", "usages": "press", "territoires": "world",
        "valable du": scope["valid_from"], "valable jusqu'au": scope["valid_until"],
        "visage": "yes", "lieu autorisé": "exact", "signataire": giver["role"],
        "forme": giver["method"], "signé le": giver["on"], "nom du signataire": giver["name"],
        "contact du signataire": giver["contact"], "témoin": giver["witness"],
        "preuve d'autorité": giver["authority_evidence"], "accord de l'enfant": "given",
        "état": event["state"], "date de l'état": event["on"],
    }  # fmt: skip


def register(folder: Path) -> list[str]:
    """The four records, one in each format; the free texts of events in the first."""
    first = record(1)
    first["events"].append({"state": "given", "on": "2021-10-29", "by": EVENT_BY, "reason": REASON})
    first["evidence"] = [{"file": SCAN}]
    first["subject"]["risk_decision"] = {
        "by": RISK_BY, "on": "2021-10-28", "visible": "yes", "reason": REASON,
    }  # fmt: skip
    one, two, three, four = (folder / f"forms{end}" for end in (".yaml", ".json", ".csv", ".xlsx"))
    one.write_text(yaml.safe_dump({"schema": "dam/consent/1", **first}, allow_unicode=True))
    two.write_text(json.dumps([{"schema": "dam/consent/1", **record(2)}]))
    row = table_row(3)
    three.write_text(";".join(row) + "\r\n" + ";".join(row.values()), encoding="utf-8-sig")
    row, book = table_row(4), Workbook()
    assert book.active is not None
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(four)
    return [str(one), str(two), str(three), str(four)]


def picture(number: int) -> bytes:
    """A photograph whose own metadata names who is shown: XMP PersonInImage and an IPTC caption."""
    xmp = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><e:PersonInImage><rdf:Bag>
 <rdf:li>{SHOWN}</rdf:li></rdf:Bag></e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"""
    sets = b"\x1c\x01\x5a\0\x03\x1b%G"
    for place, text in ((120, f"Ici {CAPTION}"), (122, SHOWN), (5, SHOWN)):
        value = text.encode()
        sets += b"\x1c\x02" + bytes((place,)) + len(value).to_bytes(2, "big") + value
    body = sets + b"\0" * (len(sets) % 2)
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(sets).to_bytes(4, "big") + body
    segment = b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block
    out = io.BytesIO()
    photos.scene(number, 480, 320).save(
        out, "JPEG", quality=90, xmp=xmp.encode(), extra=segment, comment=SHOWN.encode()
    )
    return out.getvalue()


def sidecar(number: int, **other: object) -> str:
    """Who is shown, by pseudonym, and a harmless caption."""
    subject, consent = f"S-{number}", f"C-{number}"
    told: Json = {
        "schema": "dam/photo/1",
        "photographer": PHOTOGRAPHER,
        "captured": "2021-11-18",
        "caption": {"fr": "Une lecture", "ar": "قراءة", "en": "A reading"},
        "people": [{"subject": subject, "age_band": "6-11", "consent": consent}],
    }
    return yaml.safe_dump(told | other, allow_unicode=True)


def say(workspace: Workspace, *words: str, code: int | None = 0) -> str:
    """Everything one command tells on its outputs, of an error its words."""
    done = invoked(["-C", str(workspace.root), *words])
    error = done.exception
    assert isinstance(error, errors.DamError | SystemExit | None), repr(error)
    ended = error.exit_code if isinstance(error, errors.DamError) else done.exit_code
    assert code is None or ended == code, (words, done.output, error)
    return f"{done.stdout}\n{done.stderr}\n{error if isinstance(error, errors.DamError) else ''}"


def in_all_ways(workspace: Workspace, *words: str) -> str:
    """As a table and as JSON, in every language."""
    return "\n".join(
        say(workspace, "--lang", lang, *words, "--format", form)
        for lang in ("en", "fr", "ar")
        for form in ("table", "json")
    )


def dump(database: sqlite3.Connection, table: str) -> bytes:
    """A table's rows, blobs as they are; texts as stored and with their escapes undone."""
    cells = [cell for row in database.execute(f'SELECT * FROM "{table}"') for cell in row]
    raw = [c if isinstance(c, bytes) else str(c).encode("utf-8", "surrogateescape") for c in cells]
    plain = [c.encode().decode("unicode_escape").encode("utf-8", "replace") for c in cells
             if isinstance(c, str) and "\\u" in c]  # fmt: skip
    return b"\n".join((*raw, *plain))
