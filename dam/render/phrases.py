"""The finished English sentences of the layers below, by their pattern.

What a photograph is held for beside the rules (a damaged file, a sidecar with a mistake, a file
that still changes) is told in English by whoever found it, and may have been stored so. Here is
every such sentence, its varying parts as `{words}`, so that results can say it in another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from dam.render.phrases_asked import ASKED
from dam.render.phrases_backup import BACKUP
from dam.render.phrases_credentials import CREDENTIALS
from dam.render.phrases_doctor import DOCTOR, mark
from dam.render.phrases_errors import ERRORS
from dam.render.phrases_files import FILES
from dam.render.phrases_machine import MACHINE
from dam.render.phrases_packs import PACKS
from dam.render.phrases_problems import PROBLEMS
from dam.render.phrases_rules import RULES
from dam.render.phrases_usage import USAGE
from dam.render.phrases_verify import VERIFY

_FIELD = re.compile(r"\{([a-z_]+)\}")
#: In characters; nobody tells several sentences in more.
_MOST = 1000
#: How many names may stand before a sentence: a file, a row, a field, a key.
_NAMES = 8


@lru_cache(maxsize=1024)
def recognised(english: str) -> tuple[str, dict[str, str]] | None:
    """The pattern of a sentence and the words in it; None where it is none of these."""
    if english in _FIXED:
        return english, {}
    for template, part in _varying():
        if part in english and (match := _pattern(template).fullmatch(english)) is not None:
            return template, match.groupdict()
    return None


def cut(english: str) -> tuple[str, str, str] | None:
    """Where one known sentence ends and another begins: the first, the sign between, the rest.

    None where a text is best read as one sentence, or is none.
    """
    return _read(english)[1]


def weight(english: str) -> int:
    """How many characters of a text known sentences say; 0 where it is none of them."""
    return _read(english)[0]


@lru_cache(maxsize=1024)
def _read(english: str) -> tuple[int, tuple[str, str, str] | None]:
    found, best, at_best = recognised(english), 0, None
    if found is not None:
        inner = (max(weight(rest) for _, rest in places(word)) for word in found[1].values())
        best = len(_FIELD.sub("", found[0])) + sum(inner)
    for stop in (". ", "; ") if len(english) <= _MOST else ():
        at = -1
        while (at := english.find(stop, at + 1)) >= 0:
            what, rest = english[:at], english[at + len(stop) :]
            if recognised(what) is None or not (more := weight(rest)):
                continue
            if (both := weight(what) + more) >= best:
                best, at_best = both, (what, stop, rest)
    return best or (weight(english[:-1]) if english.endswith(".") else 0), at_best


def places(line: str) -> Iterator[tuple[str, str]]:
    """The ways to read `file:3: field: sentence`: the place, which may be empty, and the rest."""
    yield "", line
    at = -1
    for _ in range(_NAMES):
        if (at := line.find(": ", at + 1)) < 0:
            return
        yield line[:at], line[at + 2 :]


@cache
def _varying() -> tuple[tuple[str, str], ...]:
    """The sentences with varying parts, those that say most by themselves first.

    Each comes with its longest part that never varies: few texts hold it, and looking for that
    costs less than a pattern.
    """
    varying = [s for s in SENTENCES if _FIELD.search(s)]
    varying.sort(key=lambda s: -len(_FIELD.sub("", s)))
    return tuple((s, max(_FIELD.split(s)[::2], key=len)) for s in varying)


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _FIELD.split(sentence)
    # A number has no blank; what ends in ':' is the place of a problem, before its sentence.
    text = "".join(
        f"(?P<{part}>{'[^ ]' if part == 'n' else '.'}+?(?<!:))" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile(text, re.DOTALL)


SENTENCES: tuple[str, ...] = (
    *USAGE,
    mark("The file is larger than the {n} MiB allowed"),
    mark("The picture claims more than the {n} megapixels allowed"),
    mark("Export it smaller, or ask whoever runs dam to raise the limit"),
    mark("Export it smaller, or ask whoever runs dam to allow more memory"),
    mark("This format is not read yet (HEIC or AVIF)"),
    mark("Convert it to JPEG, or set the phone to 'Most compatible', and drop the JPEG"),
    mark("This format is not read yet (a camera raw file)"),
    mark("This is no photograph that dam reads (JPEG, TIFF, PNG, WebP)"),
    mark("Export it as JPEG from the camera's or phone's own program and drop that"),
    mark("This is no photograph that dam reads (JPEG, TIFF, PNG, WebP, HEIC, AVIF, camera raw)"),
    mark("HEIC is not read here: pi-heif is missing"),
    mark("AVIF is not read by this Pillow"),
    mark("Camera raw files are not read here"),
    mark("This camera's raw format is not known"),
    mark("Export it as JPEG and drop that, or ask whoever runs dam for: pip install {wheel}"),
    mark("The picture in the file is damaged, or of a kind that is not read"),
    mark("{hint}; if that does not help, export it as JPEG"),
    mark("The file stops before the picture does"),
    mark("Copy it again from the camera or the card"),
    mark("The picture in the file is damaged"),
    mark("The texts in the file unpack to an enormous size"),
    mark("The picture holds measured values, not tones"),
    mark("Export it with 8 or 16 bits a channel"),
    mark("The picture has an unknown pixel type"),
    mark("The colours of the picture cannot be read"),
    mark("The file has more segments than any photograph"),
    mark("The file has more chunks than any photograph"),
    mark("This is not a regular file"),
    mark("Drop the photograph itself"),
    mark("The decoder ran out of time on this file"),
    mark("The decoder died on this file"),
    mark("The picture needs more memory than is allowed"),
    mark("The photograph holds texts beyond reading"),
    mark("The photograph could not be worked on ({kind})"),
    mark("The decoder gave no sensible answer on this file"),
    mark(
        "The next run of dam tries once more; if that fails too, export it as JPEG on another "
        "machine"
    ),
    mark("Open it on another machine and export it as JPEG, if it is a photograph at all"),
    mark("The finished rendition was read back and refused: {why}"),
    mark("JPEG holds at most {n} pixels a side"),
    mark("Set a largest side for renditions"),
    mark("The IPTC block is too long for a JPEG"),
    mark("Shorten the captions"),
    mark("A region to redact is no rectangle"),
    mark("Correct its numbers"),
    mark("A region to redact is outside the picture"),
    mark("Correct it"),
    mark("A face can still be seen where it was to be destroyed"),
    mark("Draw a larger region with dam redact"),
    mark("Nobody could look whether faces are left where they were to be destroyed"),
    mark("A face can still be seen where none may be"),
    mark("Nobody could look whether faces are left where none may be seen"),
    mark("Switch the face check on"),
    mark("This is no rendition without texts that dam made"),
    mark("A metadata block is too long for a JPEG"),
    mark("The picture could not be encoded as JPEG"),
    mark("The credit line is empty"),
    mark("Correct it in rules/credits.yaml"),
    mark("The credit line is longer than {n} characters"),
    mark("Shorten the credit"),
    mark("No font has the letter {letter} of the credit line"),
    mark("Write the credit in Latin or Arabic script"),
    mark("A font for the credit line is missing"),
    mark("Install fontpkg-noto-sans and fontpkg-noto-sans-arabic"),
    mark("The Arabic font lacks a joined form of the credit line"),
    mark("Install a Pillow with raqm, or write the credit in Latin script"),
    mark("The credit line has no visible letter"),
    mark("Correct the credit"),
    mark("Larger than the limit of {n} bytes"),
    mark("Larger than {n} bytes"),
    mark("Not a regular file"),
    mark("A link, not a file"),
    mark("A pipe, not a file"),
    mark("A socket, not a file"),
    mark("A folder, not a file"),
    mark("A device, not a file"),
    mark("A link or another thing that is not a file"),
    mark("Copy the photograph itself here"),
    mark("A path that leads out of the inbox"),
    mark("Permission to read it is denied"),
    mark("Let dam's user read it"),
    mark("Its name or path is too long"),
    mark("Give it a short name"),
    mark("It changed while it was read"),
    mark("It went away or is in use"),
    mark("It is tried again"),
    mark("It is tried again by the next pass"),
    mark("A file in the inbox cannot be read"),
    mark("An original is missing or damaged in the store"),
    mark("An original is missing from the store"),
    mark("An original is not what was stored"),
    mark("The original is missing or damaged"),
    mark("Drop the photograph again"),
    mark("Something of this photo could not be read again"),
    mark("this is settled with dam tombstone settle, not waived"),
    mark("Erased after a withdrawal"),
    mark("Nothing of it is left here; dam packs tells who has it"),
    mark("The consent to this very photograph was taken back"),
    mark("Delete your own copies; where those shown agreed anew, see dam tombstone settle"),
    mark("Run dam ingest again; see dam doctor"),
    mark("Run dam ingest again"),
    mark("Run dam ingest"),
    mark("Run again"),
    mark("Received, not read yet"),
    mark("Not decided yet"),
    mark("It cannot be recomputed"),
    mark("It could not be used"),
    mark("Rely on what was recorded then: dam explain ASSET --as-of DAY tells it"),
    mark("When what is known of this photo was found out is not on record"),
    mark("This version of dam cannot read what was known of this photo then"),
    mark(
        "An earlier version of dam had read this photo and did not look for what the rule "
        "{what} needs"
    ),
    mark("This version of dam cannot read the consent {what} as it was told then"),
    mark(
        "Personal details of {what} that counted then were erased later; without them nobody "
        "can tell whether the consent still held"
    ),
    mark(
        "Words about a person were erased later from what was known of this photo then; without "
        "them nobody can tell whether it would be decided the same"
    ),
    mark("This photo was erased later, and with it what was known of it then"),
    mark(
        "Which sidecars lay alone in the inbox and which files were missing from the archive is "
        "not known of a past day: the findings orphan_sidecar and integrity are not told"
    ),
    mark("Which rules were in force then is not on record"),
    mark("The rules that were in force then are not kept"),
    mark("This version of dam cannot read the rules that were in force then"),
    mark("On the same facts another decision was recorded then for {what}"),
    mark(
        "The rules approved it then, but it did not stand in the archive; what stood in the way "
        "is not on record"
    ),
    mark("The asset changed meanwhile"),
    mark("The photographer is no longer in the roster"),
    mark("Not taken yet: {why}"),
    mark("Nothing to do; it is tried again"),
    mark("a sheet of its folder could not be taken"),
    mark("its sidecar is still changing"),
    mark("it is still changing"),
    mark("it is still being written"),
    mark("another file took its place"),
    mark("{file}: left alone ({why})"),
    mark("{file}: no photo of this name has arrived yet; it waits in the inbox"),
    mark("{file}: safe, but stays in the inbox: {why}"),
    mark(
        "An earlier run did not finish: {photos} photos to look at again, {files} "
        "temporary files removed"
    ),
    mark("Something changed: {photos} photos to look at again"),
    mark("a system file"),
    mark("a temporary file of dam"),
    mark("a temporary file: still being written, or left over"),
    mark("a hidden file"),
    mark("{what}; if it is a consent sidecar, give it its full visible name"),
    mark("a consent form or recording, not a photograph"),
    mark(
        "looks like a consent sidecar but is not named as one: name it "
        "NAME.EXT.consent.yaml beside the photograph, or consent.yaml or consent.csv for the "
        "whole folder"
    ),
    mark("{n} sidecars speak of this photograph, and more: nobody can tell which one is meant"),
    mark("a picture format that is not read: export it as JPEG"),
    mark("a video; of a live photo only the still picture is taken"),
    mark("a sound recording, not a photograph"),
    mark("a document, not a photograph"),
    mark("a hidden or system folder"),
    mark("a folder that cannot be read"),
    mark("folders nested deeper than {n}"),
    mark("its state cannot be read, or its path is too long"),
    mark("The inbox cannot be read"),
    mark("Is its disk or network share connected?"),
    mark("The inbox cannot be watched ({why}); it is scanned every few seconds instead"),
    mark("It works again; it was: {what}"),
    mark("The rules changed; everything is decided again"),
    mark("a compressed folder: unpack it here"),
    mark("not a photograph and not a sidecar"),
    mark("not a regular file"),
    mark("a link, not a file: copy the photograph itself here"),
    mark("a pipe, not a file"),
    mark("a socket, not a file"),
    mark("a device, not a file"),
    mark("a folder named like a file: rename it"),
    mark("a sidecar says nobody is shown, the photo's own metadata speaks of people ({n})"),
    mark("one sidecar says nobody is shown, another lists people"),
    mark("the sidecar lists only adults, the photo's own metadata speaks of a minor"),
    mark("the sources name different consents for {subject}"),
    mark("the sources differ on whether {subject} is an adult"),
    mark("Not waived for {purposes}: {why}"),
    mark("The rule still holds it for the archive, and packs take only what is there"),
    mark("The day lies ahead; it counts from now on all the same"),
    mark("{source} mentions this consent no longer: it permits nothing until it does"),
    mark("It ends on {day} all the same, by {source}: {limit}"),
    mark("{file}: {n} rows marked as examples were left out"),
    mark("the face of this child must never be recognisable, whoever agreed"),
    mark("the true name of this child must never be said, whoever agreed"),
    mark("no rendition goes out without its credit, and there would be none"),
    mark("it is what the person answered; ask again and record the new answer"),
    mark("where nobody said who is shown, no withdrawal could ever reach the picture"),
    mark("it refuses: a no is never waived"),
    mark("it could not be checked; find out what is not known and record it"),
    mark("somebody it is about has no pseudonym, so that no withdrawal could ever end it"),
    mark("a consent of somebody shown prohibits {purpose} by name"),
    mark("is empty: fill it in or delete the line"),
    mark("say none, or list the people"),
    mark("is missing"),
    mark("is missing: write '{what}'"),
    mark("is missing: say what happened and when, as in {example}"),
    mark("is not known: write '{what}'"),
    mark("this says {schema}, but '{expected}' is expected in this file"),
    mark("write words with their values, the first being '{what}'"),
    mark("no consent record in this file"),
    mark("list the consent records here"),
    mark("names and contacts go into the register: dam consent import"),
    mark("unknown word '{word}'; did you mean '{near}'?"),
    mark("unknown word '{word}'; the words here are: {words}"),
    mark("unknown word; did you mean '{near}'?"),
    mark("unknown word; the words here are: {words}"),
    mark("unknown word '{word}'"),
    mark("unknown word"),
    mark("the same id as the record of line {line}"),
    mark("is before valid_from"),
    mark("say valid_until or valid_for, not both"),
    mark("none contradicts 'crowd: yes'"),
    mark("the same subject as on line {line}"),
    mark("this consent is for another subject (line {line})"),
    mark("one consent cannot stand for two people (the other is on line {line})"),
    mark("must be more than 0"),
    mark("the file is empty"),
    mark("the file is too large: at most {n} KiB are read"),
    mark("this is not UTF-8 text: save the file as UTF-8"),
    mark("a control character, which no text needs: retype this line"),
    mark("a control character is hidden in this text: retype it"),
    mark("a control character is hidden in a word: retype it"),
    mark("stands twice (first on line {line}): keep one"),
    mark("this cannot be read as YAML: {why}"),
    mark("this cannot be read as JSON: check commas, quotes and brackets"),
    mark("check quotes and indentation"),
    mark("a tab: use spaces"),
    mark("a ':' too many, or wrong indentation; text with ': ' in it needs quotes"),
    mark("a word without ':' and a space after it"),
    mark("a quote is opened here and never closed"),
    mark("a bracket is opened here and not closed, or a comma is missing"),
    mark("this line is not indented like its neighbours"),
    mark("use one of: {words}"),
    mark("use one of: {words}, not '{word}'"),
    mark("'{word}' is not one of: {words}"),
    mark("use a date written YYYY-MM-DD, for example 2021-10-28"),
    mark("use a date written YYYY-MM-DD, for example 2021-10-28, not '{word}'"),
    mark("use a pseudonym or number of letters, digits, '-', '_', '.'; never a name"),
    mark("use the id that the photographer has in rules/credits.yaml, not the name"),
    mark("use a country code of two letters, for example MA"),
    mark("use country codes of two letters, or world"),
    mark("name the language by its code, for example fr, ar or en"),
    mark("use a term such as 5y, 18m or 90d"),
    mark("write a text here, not a list or further words"),
    mark("write a list: in brackets [...], or one line each, starting with '- '"),
    mark("needs words of its own: {words}"),
    mark("needs at least one entry"),
    mark("is too long: at most {n} characters"),
    mark("cannot be used as it is"),
    mark("this file cannot be used"),
    mark(
        "write x y w h of the face as parts of the picture, with points and from top left: "
        "0.41 0.22 0.10 0.14"
    ),
    mark("a face stands elsewhere in every photo: name one file in this row"),
    *DOCTOR,
    *CREDENTIALS,
    *PACKS,
    *VERIFY,
    *ERRORS,
    *MACHINE,
    *BACKUP,
    *FILES,
    *ASKED,
    *PROBLEMS,
    *RULES,
)

_FIXED = frozenset(s for s in SENTENCES if not _FIELD.search(s))
