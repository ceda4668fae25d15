"""Putting a pack together: rendering, writing its texts, and again without what was overtaken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.pack import PackSink
from dam.core.credentials import Claim, claim_of
from dam.core.errors import ConfigurationError, DamError, WorkspaceBusy
from dam.core.packing import Picture, Writer
from dam.core.presets import Preset
from dam.core.rows import PackRow
from dam.flows.export import records
from dam.flows.export.deeds import deeds_of
from dam.flows.export.describing import (
    contents_of,
    faces_of,
    picture_of,
    rights_of,
    until_of,
)
from dam.flows.export.identity import Identity
from dam.flows.export.order import Excluded, Included, Order, Pack
from dam.flows.export.records import Sealed
from dam.flows.export.rendering import Made, Wanted, render_all

#: Consents that change faster than a pack is put together hold it up so often, then it is given up.
_ROUNDS: Final = 20


class Signing(Protocol):
    """Signs a finished picture in place; see `dam.adapters.credentials`."""

    def sign(self, path: Path, claim: Claim) -> Signed: ...


class Signed(Protocol):
    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Making:
    """A pack in the making. `result` is what comes of it, changed as it goes."""

    desk: Desk
    order: Order
    preset: Preset
    identity: Identity
    sink: PackSink
    result: Pack

    def render(self, room: Darkroom, sign: Signing | None, step: Callable[[], None]) -> None:
        """Render every picture into the pack; one that cannot be made is excluded."""
        jobs = {item.file: self._job(number, item) for number, item in enumerate(self._items())}
        by_target = {
            job.target: item for item, job in zip(self._items(), jobs.values(), strict=True)
        }
        done: dict[str, Included] = {}
        for job, made in render_all(self.desk, room, list(jobs.values()), step):
            item = by_target[job.target]
            try:
                if isinstance(made, DamError):
                    raise made
                done[item.file] = self._finished(item, job, made, sign)
            except (ConfigurationError, WorkspaceBusy):
                raise
            except DamError as error:
                self._leave_out([Excluded(item.asset.id, (), error.what, error.hint)])
        self.result.included = [done[i.file] for i in self._items() if i.file in done]

    def _items(self) -> Sequence[Included]:
        return tuple(self.result.included)

    def _job(self, number: int, item: Included) -> Wanted:
        rights, line = rights_of(self.desk, self.preset, item.candidate, self.identity.id)
        booklet = "booklet" in self.preset.texts and number < self.preset.pages
        return Wanted(
            asset=item.asset.id,
            sha256=item.asset.sha256,
            rights=rights,
            line=line,
            redact=faces_of(self.preset, item.candidate) or (),
            preset=self.preset,
            style=self.desk.marks.of(self.order.purpose, self.preset.mark),
            target=self.sink.place(item.file),
            thumb=self.sink.spare(f"thumb-{number}.jpg"),
            page=self.sink.spare(f"page-{number}.jpg") if booklet else None,
        )

    def _finished(self, item: Included, job: Wanted, made: Made, sign: Signing | None) -> Included:
        sha256, size = made.sha256, made.size
        if sign is not None:
            claim = claim_of(job.rights, self.order.purpose, deeds_of(item, job, made))
            signed = sign.sign(job.target, claim)
            sha256, size = signed.sha256, signed.size
        self.sink.note(item.file, sha256, size)
        picture: Picture = picture_of(
            self.desk,
            item,
            job.rights,
            job.line,
            (sha256, size, made.width, made.height),
            (str(job.thumb), str(job.page) if job.page else None),
        )
        return replace(item, picture=picture)

    def _leave_out(self, lost: Sequence[Excluded]) -> None:
        """Take pictures out of the pack again, and say why to the officer."""
        gone = {each.asset for each in lost}
        for item in self._items():
            if item.asset.id in gone:
                self.sink.drop(item.file)
        self.result.included = [i for i in self._items() if i.asset.id not in gone]
        self.result.excluded += lost

    def finish(self, write: Writer) -> None:
        """Write the texts, put the pack on record and in its place.

        Where a picture was overtaken meanwhile by a withdrawal or anything else, all that speaks
        of it is written anew without it. Raises WorkspaceBusy where that does not come to an end.
        """
        for _ in range(_ROUNDS):
            if not self.result.included:
                return
            sealed = self._seal(write)
            lost = records.put_on_record(self.desk, self.order, sealed)
            if not lost:
                lost = self._place(sealed)
            if not lost:
                self.result.id, self.result.path = self.identity.id, self.order.out
                self.result.again = self.identity.before is not None
                self.result.until = sealed.row.until
                return
            self._leave_out(lost)
            self.sink.reset()
        raise WorkspaceBusy("Consents change faster than the pack can be made", "Run again later")

    def _place(self, sealed: Sealed) -> list[Excluded]:
        try:
            return records.put_in_place(self.desk, self.order, self.sink, sealed)
        except BaseException:
            records.give_up(self.desk, sealed.row)
            raise

    def _seal(self, write: Writer) -> Sealed:
        desk, order, items = self.desk, self.order, self._items()
        day = items[0].decision.day
        contents = contents_of(
            desk, order, self.preset, self.identity.id, day, items, self.identity.head
        )
        for path, data in write(contents):
            self.sink.write(path, data, beside=path == "index.html")
        info = {
            "Source-Organization": contents.organisation,
            "Contact-Email": contents.contact,
            "External-Identifier": contents.id,
            "Bag-Group-Identifier": contents.purpose.value,
        }
        manifest = self.sink.seal(info, contents.id, day)
        before = self.identity.before
        if before is not None and before.manifest_sha256 != manifest:
            raise WorkspaceBusy("The pack changed while it was made again", "Run again")
        seq, head = self.identity.head
        row = PackRow(
            id=contents.id,
            purpose=order.purpose.value,
            recipient=order.recipient,
            territory=order.territory,
            day=day,
            made_at=desk.instant(),
            path=str(order.out),
            manifest_sha256=manifest,
            state="sealed",
            use=order.use.value,
            until=until_of(order, (item.candidate.until for item in items)),
            format=order.format,
            rules_digest=desk.pack.digest,
            preset_digest=self.preset.digest(),
            head_seq=seq,
            head_hash=head,
            signed=order.signed,
        )
        return Sealed(row, items)
