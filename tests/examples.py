"""A workspace in which every command of the documentation has something to do, and real ids for
what stands in their place there (ASSET, PACK, C-2021-0147, ~/amal, ...).
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import yaml
from PIL import Image

from demo import draw
from tests import backups, family, photos
from tests.test_consent_commands import line, record, sheet
from tests.test_consents import spoken, written
from tests.workspaces import EMPTY_HALL, NOBODY, Workspace

#: Tables that somebody fills in before they are imported.
REGISTERS = ("forms.xlsx", "registre.xlsx", "register.xlsx", "more.yaml")
#: Reports of earlier months, to compare with.
REPORTS = ("2026-05.json", "2026-06.json", "last.json", "may.json")
_PLACES = {
    "/mnt/disk": "disk",
    "/mnt/key": "key",
    "/media/stick": "stick",
    "/srv/share": "share",
    "/tmp/try": "try",
    "~/amal.age": "home/amal.age",
    "~/amal": "home/amal",
    "~/pack": "home/pack",
    "~/lot": "home/lot",
    "/srv/photos": "home/photos",
    "/srv/dam": "home/dam",
    "/srv/amal": "home/amal",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """The workspace, the real ids in it, and the folder beside it that stands for other disks."""

    workspace: Workspace
    ids: Mapping[str, str]

    @property
    def outside(self) -> Path:
        return self.workspace.root.parent

    def copy(self, folder: Path) -> Prepared:
        shutil.copytree(self.outside, folder, symlinks=True)
        return Prepared(Workspace(folder / "w"), self.ids)

    def real(self, command: str) -> str:
        """The command with real ids, days and places in the place of those it shows."""
        today = date.today()  # noqa: DTZ011  as dam's day
        for shown, place in _PLACES.items():
            command = command.replace(shown, str(self.outside / place))
        command = command.replace("$(date +%F)", today.isoformat())
        command = command.replace("age1...", self.ids["recipient"])
        command = re.sub(r"(?<=--until )\d{4}-\d\d-\d\d", f"{today + timedelta(200)}", command)
        command = re.sub(r"(?<=--on )\d{4}-\d\d-\d\d", f"{today}", command)
        command = re.sub(r"(?<=--as-of )\S+", f"{today}", command)
        command = re.sub(r"\b(?:k7q2mz9a|ASSET)\b", self._asset(command), command)
        command = re.sub(r"\b(?:P-20211118-\w+|PACK)\b", self.ids["pack"], command)
        if "R-20270101-" in command:
            command = re.sub(r"\bR-20270101-\w+", self.drawn(), command)
        if "waive end" in command:
            self.waived("in-time" if "in-time" in command else "everyone-accounted-for")
        return re.sub(r"\b(?:R-20211201-\w+|RECALL)\b", self.ids["recall"], command)

    def _asset(self, command: str) -> str:
        """The photograph that the command can be about."""
        if "tombstone settle" in command:
            return self.ids["copy"]
        if "waive" in command:
            return self.ids["ended" if "in-time" in command else "faces"]
        return self.ids["child"]

    def drawn(self) -> str:
        """The id of a region drawn by hand; one is drawn where there is none."""
        if not self.workspace.ask("redact", "list")["redactions"]:
            self.workspace.run("redact", self.ids["child"], "--region", "0.1,0.1,0.2,0.2")
        return str(self.workspace.ask("redact", "list")["redactions"][0]["redaction"])

    def waived(self, rule: str) -> None:
        """A waiver of the rule is in force; one is given where there is none."""
        if any(w["rule"] == rule for w in self.workspace.ask("waive", "list")["waivers"]):
            return
        end = (date.today() + timedelta(30)).isoformat()  # noqa: DTZ011
        asset = self.ids["ended" if rule == "in-time" else "faces"]
        words = ("waive", asset, rule, "--by", "dpo", "--until", end, "--reason", "Looked at")
        self.workspace.run(*words)


def prepare(folder: Path) -> Prepared:
    """Everything at once in `folder`; `w` in it is the workspace."""
    workspace, key = Workspace.init(folder / "w"), backups.Key.make(folder / "w")
    for place in _PLACES.values():
        (folder / place).parent.mkdir(exist_ok=True)
    for place in ("disk", "key", "stick", "share", "elsewhere"):
        (folder / place).mkdir()
    _thin_packs(workspace)
    toml = f'[backup]\nrecipients = ["{key.recipient}"]\n'
    (workspace.root / "dam.toml").write_text(toml)
    named = _drop(workspace)
    ids = {"recipient": key.recipient, **named}
    ids |= _live(workspace, folder)
    _leave_files(workspace, key)
    return Prepared(workspace, ids)


def _thin_packs(workspace: Workspace) -> None:
    """Packs without paper: whole ones are made by other tests, and take seconds."""
    for file in (workspace.root / "rules" / "purposes").glob("*.yaml"):
        told = yaml.safe_load(file.read_text("utf-8"))
        told["texts"] = [t for t in told.get("texts", ()) if t not in ("booklet", "contact_sheet")]
        file.write_text(yaml.safe_dump(told | {"pages": 0}, allow_unicode=True), "utf-8")


def _drop(workspace: Workspace) -> dict[str, str]:
    """Photographs of every kind, taken in; their ids."""
    place = workspace.root / "register.yaml"
    others = [record(number) for number in (147, 150)]
    place.write_text(yaml.safe_dump(others, allow_unicode=True))
    workspace.run("consent", "import", str(place))
    place.unlink()

    def child(number: int, **said: object) -> str:
        return written(spoken(number, purposes=["press", "donor", "web"], **said))

    scene = draw.SCENES["drums"](0.35, 7)
    dropped = {
        "child": (photos.jpeg(1, 480, 320), child(147)),
        "gone": (photos.jpeg(2, 480, 320), child(150)),
        "ended": (photos.jpeg(4, 480, 320), child(153, valid_until="2022-10-31")),
        "faces": (_jpeg(scene), NOBODY),
    }
    for name, (data, sidecar) in dropped.items():
        workspace.drop(f"{name}.jpg", data, sidecar)
    told = workspace.ingest()
    found = {str(one["source"]).removesuffix(".jpg"): str(one["asset"]) for one in told["assets"]}
    return {name: found[name] for name in dropped}


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def _live(workspace: Workspace, folder: Path) -> dict[str, str]:
    """A pack goes out, a consent in it is taken back and asked back, a copy comes."""
    made = workspace.json(
        "export", "press", "--recipient", "Le Matin", "--out", str(folder / "sent")
    )
    workspace.run("consent", "withdraw", "C-2021-0150", "--by", "parent")
    recalled = workspace.json("recall", made["pack"], "--out", str(folder / "sent-letters"))
    workspace.drop("half.jpg", family.saved_anew(photos.jpeg(2, 480, 320), half=True), EMPTY_HALL)
    (copy,) = workspace.ingest()["assets"]
    (letter,) = recalled["letters"]
    return {"pack": made["pack"], "recall": letter["recall"], "copy": copy["asset"]}


def _leave_files(workspace: Workspace, key: backups.Key) -> None:
    """Files that commands are told to read, in the folder where they run."""
    report = workspace.run("audit", "--format", "json").stdout
    for name in REPORTS:
        (workspace.root / name).write_bytes(report)
    backups.back_up(workspace, key, workspace.root / "amal.dam")
    shutil.copy(workspace.root / "amal.dam", workspace.root / "amal-2026-11-28.dam")
    (workspace.root / "amal.dam.tombstones").rename(workspace.root / "amal.tombstones")
    workspace.run("ledger", "checkpoint", "--out", str(workspace.root / "kept.json"))


def fill_in(path: Path) -> None:
    """What a person does with an empty register before importing it."""
    if path.suffix == ".xlsx":
        csv = Path(sheet(path.parent, line(147), line(160)))
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        for row in csv.read_text("utf-8-sig").splitlines():
            page.append(row.split(";"))
        csv.unlink()
        book.save(path)
    else:
        path.write_text(yaml.safe_dump(record(161), allow_unicode=True), "utf-8")
