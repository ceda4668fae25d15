"""captions.json of a press pack: schema dam/captions/1, for those who read it by program.

The model is what writes the file and what its JSON Schema is made from. A key without a value is
left out.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dam.core.model import Purpose, Use

Texts = dict[str, str]


class Told(BaseModel):
    """Frozen; readers skip keys that they do not know, so none is forbidden."""

    model_config = ConfigDict(frozen=True)


class PictureTold(Told):
    asset: str = Field(description="The id by which whoever made the pack knows the picture.")
    file: str = Field(description="Where the picture stands, beside this file.")
    sha256: str = Field(description="Of the file, in hexadecimal.", pattern="^[0-9a-f]{64}$")
    size: int = Field(description="Of the file, in bytes.", ge=0)
    width: int = Field(description="In pixels.", ge=1)
    height: int = Field(description="In pixels.", ge=1)
    taken: date | None = Field(None, description="The day it was taken, where that is known.")
    city: str | None = Field(None, description="Left out where it may not be named.")
    country: str | None = Field(None, description="ISO 3166 alpha-2, or as it was written.")
    captions: Texts = Field(description="By language tag.")
    credit: str = Field(description="The line to print with the picture.")
    photographer: str = Field(description="The name in that line.")


class RightsTold(Told):
    usage_terms: Texts = Field(description="By language tag; the whole terms are in TERMS.*.txt.")
    data_mining: Literal["prohibited"] = Field(
        description="No text and data mining, no training of AI."
    )
    data_mining_code: Literal["http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"]
    credit_required: Literal[True]
    web_statement: str | None = Field(None, description="Where the rights are told.")


class LedgerTold(Told):
    event: int = Field(description="The number of its last event.", ge=0)
    head: str = Field(description="The hash of that event.")


class CaptionsFile(Told):
    schema_: Literal["dam/captions/1"] = Field(alias="schema")
    pack: str = Field(description="The id of the press pack; name it in every question.")
    day: date = Field(description="The day it was decided on.")
    purpose: Purpose = Field(description="What the pictures may be used for.")
    use: Use = Field(description="To what end.")
    territory: str = Field(description="Where: ISO 3166 alpha-2, or world.")
    until: date | None = Field(None, description="The last day of use, where one was agreed.")
    recipient: str
    organisation: str
    contact: str | None = Field(None, description="Whom to ask, and where to stop.")
    languages: tuple[str, ...] = Field(description="Of the texts of the pack, by tag.")
    rights: RightsTold
    pictures: tuple[PictureTold, ...]
    ledger: LedgerTold | None = Field(None, description="Where its maker's ledger stood.")
