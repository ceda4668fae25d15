"""JSON Schemas (2020-12) of the files that people write, for their editors, and of captions.json,
which press packs carry, for those who read it.

They are made from the models that check those files. Where JSON Schema can say less than dam
checks (a region that leaves the picture, an id that stands twice) a file may look right in an
editor and still be refused; never the other way round, but for blanks around a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from dam.core.captions import CaptionsFile
from dam.core.credits import CreditsFile, ProgrammeFile
from dam.core.presets import PurposeFile
from dam.core.record import ConsentRecord, PhotoSidecar, ShootSheet
from dam.core.retention import RetentionFile
from dam.core.rules import Policy, RuleFile
from dam.core.watermark import WatermarkFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

#: Name of the schema, its model, and what the file is.
_FILES: dict[str, tuple[type[BaseModel], str]] = {
    "photo": (PhotoSidecar, "A photo's sidecar: IMG_0001.JPG.consent.yaml beside IMG_0001.JPG"),
    "shoot": (ShootSheet, "The sheet of a folder of photos: consent.yaml in it"),
    "consent": (ConsentRecord, "Consent records for dam consent import"),
    "rule": (RuleFile, "A rule: a file of rules/consent/"),
    "policy": (Policy, "What holds where a consent record is silent: rules/consent/policy.yaml"),
    "credits": (CreditsFile, "Who may be credited, and how: rules/credits.yaml"),
    "programme": (ProgrammeFile, "A programme and its texts: a file of rules/programmes/"),
    "purpose": (PurposeFile, "How packs are rendered for a purpose: a file of rules/purposes/"),
    "watermark": (WatermarkFile, "How renditions are marked: rules/watermark.yaml"),
    "retention": (RetentionFile, "How long things are kept: rules/retention.yaml"),
    "captions": (CaptionsFile, "The pictures of a press pack: captions.json in it"),
}

#: What an editor shows beside a word, by the model (or `*` for any) and the word.
_MEANS = {
    "*.schema": "Which kind of file this is.",
    "*.photographer": "An id of rules/credits.yaml.",
    "*.programme": "A file name of rules/programmes/, without .yaml.",
    "*.caption": "The caption by language: fr, ar, en, ... It names nobody.",
    "*.captured": "The day it was taken, where the camera's clock was wrong.",
    "*.embargo": "The day before which it must not be published.",
    "*.crowd": "yes: a crowd in which nobody stands out. A statement by a person.",
    "*.redact_others": "yes: every face that is no listed person's is destroyed in renditions.",
    "*.people": "Everybody who is shown, or none. Without it nobody has said, and the photo waits.",
    "*.consents": "Consent records, without their schema.",
    "*.tags": "Words that rules may ask for.",
    "*.match": "A file name, or a pattern such as IMG_01*.JPG.",
    "*.keep": "5y, 18m, 90d, or forever.",
    "RetentionRule.what": "What the rule speaks of; each has one rule at most.",
    "RetentionRule.why": "The law or the reason for keeping it so long, and no longer.",
    "ShootSheet.photos": "What is said of some of the photos; nearer than what stands above.",
    "Person.subject": "A pseudonym such as S-0147, never a name.",
    "Person.age_band": "The age on the day of the picture; unknown counts as a minor.",
    "Person.identifiable": "Whether the person can be recognised; unknown counts as yes.",
    "Person.consent": "The id of the consent record this rests on.",
    "Person.region": "Where the face is, as fractions of the upright picture, from top left.",
    "*.purposes": "What the picture may be used for; archive and internal follow by themselves.",
    "*.prohibited": "Uses that are forbidden by name, such as commercial or political.",
    "*.territories": "Countries by their code of two letters, or world.",
    "*.valid_until": "The last day. Say this or valid_for, not both.",
    "*.valid_for": "A term from valid_from on: 5y, 18m, 90d. Say this or valid_until, not both.",
    "*.events": "What happened, and when. Only given and renewed count; nothing is ever left out.",
    "*.child_assent": "What the child itself said.",
    "*.givers": "Who gave it, how and when.",
    "*.assets": "The only photos it is for; without this, all that show the subject.",
    "*.evidence": "The scan or recording that proves it.",
    "*.risk_decision": "Who decided that a child at risk may be shown, when and why.",
    "*.authority_evidence": "What proves that the giver may speak for the child.",
    "*.unaccompanied": "Without a parent or guardian.",
    "PurposeFile.size": "The longer side in pixels, or full; a picture is never made larger.",
    "PurposeFile.quality": "That of JPEG.",
    "PurposeFile.colour": "srgb, or original: the colour space of the photo is kept.",
    "PurposeFile.mark": "A style of rules/watermark.yaml; without it that of the purpose.",
    "PurposeFile.metadata": "full, or credit: no captions and no day in the files.",
    "PurposeFile.redaction": "rules, or all_faces: every face that is found is destroyed.",
    "PurposeFile.naming": "dated: 20211118-k7q2mz.jpg, or numbered: 001.jpg.",
    "PurposeFile.texts": "What goes with the pictures; what leaves has credits and terms.",
    "PurposeFile.languages": "Of the texts; the first is that of the booklet's cover.",
    "PurposeFile.pages": "How many pictures the booklet shows.",
    "ProgrammeFile.text": "Paragraphs about the programme, for the booklet, by language.",
    "ProgrammeFile.subtitle": "A line below the title, by language.",
    "ProgrammeFile.led_by": "Who leads it, by language.",
    "ProgrammeFile.carried_out_by": "Who carries it out, by language.",
    "ProgrammeFile.in_partnership_with": "With whom, by language.",
    "ProgrammeFile.thanks": "A sentence above the partners' names, by language.",
    "ProgrammeFile.colour": "The colour of its booklet, such as #0a6ebd.",
    "ProgrammeFile.logos": "Logos on the last page; files of rules/programmes/logos/.",
    "Logo.alt": "What whoever does not see it is told, by language.",
    "Logo.row": "Whose it is: institution, partner or donor.",
    "RuleFile.each": "person: the rule is asked of everybody who is listed.",
    "RuleFile.when": "CEL: whether the rule concerns the photo.",
    "RuleFile.require": "CEL: what must hold then.",
    "RuleFile.examples": "At least two photographs that pass and two that fail.",
}
_SCALARS = {"type": ["string", "number", "boolean", "null"]}


def documents() -> dict[str, Schema]:
    """The schemas by file name, such as `photo.schema.json`."""
    return {f"{name}.schema.json": _document(name) for name in _FILES}


def _document(name: str) -> Schema:
    model, title = _FILES[name]
    made = model.model_json_schema()
    parts: dict[str, Schema] = made.pop("$defs", {})
    for node in (made, *parts.values()):
        _finish(node)
    if name == "consent":
        made = _forms_of_consents(made, parts)
    told = {"$schema": DIALECT, "$id": f"urn:dam:{name}:1", "title": title}
    rest = {word: value for word, value in made.items() if word != "title"}
    used = {word: parts[word] for word in sorted(parts) if word in _referred(made, parts)}
    return {**told, **rest, **({"$defs": used} if used else {})}


def _forms_of_consents(record: Schema, parts: dict[str, Schema]) -> Schema:
    """One record, a list of them, or a list under `consents` (then without `schema` each)."""
    inner = {**record, "required": [w for w in record["required"] if w != "schema"]}
    parts["Record"], parts["ListedRecord"] = record, inner
    listed = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/ListedRecord"}}
    under = {
        "type": "object",
        "properties": {"schema": record["properties"]["schema"], "consents": listed},
        "required": ["schema", "consents"],
        "additionalProperties": False,
    }
    several = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Record"}}
    return {
        "description": record.get("description", ""),
        "if": {"type": "array"},
        "then": several,
        "else": {
            "if": {"type": "object", "required": ["consents"]},
            "then": under,
            "else": {"$ref": "#/$defs/Record"},
        },
    }


def _finish(node: Schema) -> None:
    """Say of one model what pydantic cannot: meanings, and that nothing may be left empty."""
    model = node.get("title", "")
    properties: dict[str, Schema] = node.get("properties", {})
    for word, value in properties.items():
        _tidy(value)
        if (means := _MEANS.get(f"{model}.{word}") or _MEANS.get(f"*.{word}")) is not None:
            value.setdefault("description", means)
    if "description" in node:
        node["description"] = re.sub(r"\s+", " ", node["description"])
    if "people" in properties:
        _people(properties["people"])
    if "events" in properties:
        # Without an event nothing was ever given: dam refuses it.
        properties["events"]["minItems"] = 1
        node["required"] = [*node.get("required", []), "events"]
    if "valid_for" in properties:
        node["not"] = {"required": ["valid_until", "valid_for"]}
    if model == "Example":
        facts = {"anyOf": [_SCALARS, {"type": "array", "items": _SCALARS}]}
        properties["facts"] = {"type": "object", "additionalProperties": facts}


def _people(value: Schema) -> None:
    for form in value["oneOf"]:
        if form.get("type") == "array":
            form["minItems"] = 1


def _tidy(node: object) -> None:
    """Take out what a file may not say: nothing (`null`), or a language that is none."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    if not isinstance(node, dict):
        return
    for value in node.values():
        _tidy(value)
    if node.get("default", "") in (None, [], {}) or isinstance(node.get("default"), dict):
        del node["default"]
    if "patternProperties" in node:
        node.setdefault("additionalProperties", False)
    forms = [form for form in node.get("anyOf", []) if form != {"type": "null"}]
    if "anyOf" in node and len(forms) < len(node["anyOf"]):
        del node["anyOf"]
        node.update(forms[0] if len(forms) == 1 else {"anyOf": forms})


def _referred(node: object, parts: dict[str, Schema]) -> frozenset[str]:
    """The parts that a schema refers to, and those that these refer to."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for reference in _references(waiting.pop()):
            if reference not in found:
                found.add(reference)
                waiting.append(parts[reference])
    return frozenset(found)


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
