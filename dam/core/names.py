"""File names as data: how they compare, how they are shown, what they claim to be.

Names arrive as the bytes the file system holds (POSIX knows no encoding) or as text
with surrogate escapes (`os.fsdecode`). Nothing here trusts them.
"""

from __future__ import annotations

import enum
import fnmatch
import functools
import re
import unicodedata
from dataclasses import dataclass

RAW_SUFFIXES = frozenset(
    b"3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw "
    b"rw2 rwl sr2 srf srw x3f".split()
)
PHOTO_SUFFIXES = RAW_SUFFIXES.union(
    b"jpg jpeg jpe jfif tif tiff png webp heic heif hif avif".split()
)
RECORD_SUFFIXES = frozenset(b"yaml yml json".split())

_SYSTEM_NAMES = frozenset((b".ds_store", b"thumbs.db", b"ehthumbs.db", b"desktop.ini"))
_TRANSFER_SUFFIXES = frozenset(
    b"part tmp temp partial filepart crdownload download swp bak".split()
)
#: Files in which somebody may have written down a consent as data.
_TABLE_SUFFIXES = RECORD_SUFFIXES.union(b"txt csv tsv toml xml md xls xlsx ods numbers".split())
_VIDEO_SUFFIXES = frozenset(b"mp4 mov m4v avi mkv mts m2ts mpg mpeg wmv 3gp webm lrv".split())
_SOUND_SUFFIXES = frozenset(b"mp3 m4a wav ogg opus amr aac flac".split())
_DOCUMENT_SUFFIXES = frozenset(b"pdf doc docx odt rtf pages ppt pptx odp".split())
_MEDIA_SUFFIXES = _VIDEO_SUFFIXES | _SOUND_SUFFIXES | _DOCUMENT_SUFFIXES
_PICTURE_SUFFIXES = frozenset(b"gif bmp psd jxl jp2 svg eps ai".split())
_ARCHIVE_SUFFIXES = frozenset(b"zip rar 7z tar gz tgz".split())
_WORD = re.compile(r"[^\W_]+")
#: Close to "consent" by spelling, but other words.
_OTHER_WORDS = frozenset(("content", "contents", "context", "concert", "concept"))
_CONSENT_WORDS = ("consent", "autorisation", "authorisation", "authorization", "موافقة")

_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u034f\u180b\u180c\u180d")
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))

MISNAMED = (
    "looks like a consent sidecar but is not named as one: name it NAME.EXT.consent.yaml "
    "beside the photograph, or consent.yaml or consent.csv for the whole folder"
)


class Role(enum.StrEnum):
    """What a file is, going by its name alone."""

    PHOTO = "photo"
    SIDECAR = "sidecar"
    SHOOT = "shoot"
    XMP = "xmp"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a name claims.

    `target` is the photograph's name or stem a sidecar speaks of, without the sidecar's
    own ending; empty for a whole folder. `whole` tells that the target carries a
    photograph's suffix, thus names one file and never a stem. `reason` says why a file of
    role `other` is left alone. `unread` marks a file that probably speaks of consent and
    will not be read: what it says is unknown, and unknown is not "nothing".
    """

    role: Role
    target: bytes = b""
    whole: bool = False
    reason: str = ""
    unread: bool = False


def text(name: bytes | str) -> str:
    """The name as text; bytes that are not UTF-8 become surrogate escapes (PEP 383)."""
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name


def key(name: bytes | str) -> str:
    """The form under which two names are one: NFC of the case-folded name.

    Canonical caseless matching, Unicode 3.13 D145; so `É.JPG` composed and decomposed,
    upper and lower case, share one key. Two equal keys do not make two files equal.
    """
    folded = unicodedata.normalize("NFD", text(name)).casefold()
    return unicodedata.normalize("NFC", folded)


def show(name: bytes | str) -> str:
    r"""The name as harmless printable text, distinct for distinct names.

    Bytes that are not UTF-8 become `\xNN`; control, format, bidirectional, invisible and
    unassigned characters and all spaces but the plain one become `\uNNNN` or `\UNNNNNNNN`
    (never `\xNN`, which stands for a raw byte alone); a backslash is doubled. A renderer's
    markup passes unchanged: escaping it is the renderer's part.
    """
    return "".join(map(_visible, text(name)))


def _visible(char: str) -> str:
    code = ord(char)
    if char == "\\":
        return "\\\\"
    if 0x20 <= code < 0x7F:
        return char
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    category = unicodedata.category(char)
    if category in _HIDDEN_CATEGORIES or category == "Zs" or char in _INVISIBLE:
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return char


def split(name: bytes) -> tuple[bytes, bytes]:
    """(stem, suffix in lower case without its dot); a leading dot starts no suffix."""
    stem, dot, suffix = name.rpartition(b".")
    return (stem, suffix.lower()) if dot and stem else (name, b"")


def is_photo(name: bytes) -> bool:
    """Whether the suffix is one of a photograph, camera raw formats included."""
    return split(name)[1] in PHOTO_SUFFIXES


def claim(name: bytes) -> Claim:
    """What the file `name` (one path component) claims to be. Total: any bytes are fine."""
    return _passing(name) or _speaking(name) or _plain(name)


def _passing(name: bytes) -> Claim | None:
    """System files, hidden files and files in transit."""
    lower = name.lower()
    if lower in _SYSTEM_NAMES or lower.startswith(b"._"):
        return Claim(Role.OTHER, reason="a system file")
    if lower.startswith(b".dam-"):
        return Claim(Role.OTHER, reason="a temporary file of dam")
    stem, suffix = split(name)
    if suffix in _TRANSFER_SUFFIXES or lower.endswith(b"~") or lower.startswith(b"~$"):
        inner = stem if suffix in _TRANSFER_SUFFIXES else name.strip(b"~$")
        return _left(inner.lstrip(b"."), "a temporary file: still being written, or left over")
    if lower.startswith(b"."):
        return _left(name.lstrip(b"."), "a hidden file")
    return None


def _left(inner: bytes, reason: str) -> Claim:
    """A file left alone, still `unread` where its inner name speaks of consent."""
    speaks = _speaking(inner)
    if speaks is None or speaks.role is Role.XMP:
        return Claim(Role.OTHER, reason=reason)
    return Claim(
        Role.OTHER,
        speaks.target,
        speaks.whole,
        f"{reason}; if it is a consent sidecar, give it its full visible name",
        unread=True,
    )


def _speaking(name: bytes) -> Claim | None:
    """Sidecars, shoot sheets, XMP, and what was probably meant as one of them."""
    stem, suffix = split(name)
    before, dot, last = stem.rpartition(b".")
    if last.lower() == b"consent" and (suffix or dot):
        if suffix in RECORD_SUFFIXES or (suffix == b"csv" and not dot):
            if not dot:
                return Claim(Role.SHOOT)
            if before:
                return Claim(Role.SIDECAR, before, is_photo(before))
        if suffix in _MEDIA_SUFFIXES | PHOTO_SUFFIXES:
            return Claim(Role.OTHER, reason="a consent form or recording, not a photograph")
        return Claim(Role.OTHER, before, is_photo(before), MISNAMED, unread=True)
    if suffix == b"xmp":
        return Claim(Role.XMP, stem, is_photo(stem))
    return _misnamed(name)


def _misnamed(name: bytes) -> Claim | None:
    """Near misses: `IMG_1.JPG.consent.yaml.txt`, `IMG_1-concent.yaml`, `IMG_1.JPG.yaml`."""
    stem, suffix = split(name)
    lower = name.lower()
    if lower == b"consent" or suffix == b"consent":
        target = stem if suffix else b""
        return Claim(Role.OTHER, target, is_photo(target), MISNAMED, unread=True)
    if suffix not in _TABLE_SUFFIXES:
        return None
    record = suffix in RECORD_SUFFIXES
    while split(stem)[1] in _TABLE_SUFFIXES:
        stem, inner = split(stem)
        record = record or inner in RECORD_SUFFIXES
    if is_photo(stem):
        # Only YAML: `.json` beside every photograph is how phone exports look.
        if suffix == b"json" or not record:
            return None
        return Claim(Role.OTHER, stem, whole=True, reason=MISNAMED, unread=True)
    words = list(_WORD.finditer(text(stem)))
    hit = next((word for word in reversed(words) if _means_consent(word.group())), None)
    if hit is None:
        return None
    target = text(stem)[: hit.start()].rstrip(" ._-").encode("utf-8", "surrogateescape")
    return Claim(Role.OTHER, target, is_photo(target), MISNAMED, unread=True)


def _means_consent(word: str) -> bool:
    word = key(word)
    if any(word.startswith(known) for known in _CONSENT_WORDS):
        return True
    return word not in _OTHER_WORDS and _one_slip(word, "consent")


def _one_slip(word: str, wanted: str) -> bool:
    """Whether one letter was dropped, added, changed or swapped with its neighbour."""
    if abs(len(word) - len(wanted)) > 1:
        return False
    head = 0
    while head < min(len(word), len(wanted)) and word[head] == wanted[head]:
        head += 1
    a, b = word[head:], wanted[head:]
    swapped = len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]


def _plain(name: bytes) -> Claim:
    _, suffix = split(name)
    if suffix in PHOTO_SUFFIXES:
        return Claim(Role.PHOTO)
    if suffix in _PICTURE_SUFFIXES:
        return Claim(Role.OTHER, reason="a picture format that is not read: export it as JPEG")
    if suffix in _VIDEO_SUFFIXES:
        # A phone writes one beside each live photo.
        return Claim(Role.OTHER, reason="a video; of a live photo only the still picture is taken")
    if suffix in _SOUND_SUFFIXES:
        return Claim(Role.OTHER, reason="a sound recording, not a photograph")
    if suffix in _DOCUMENT_SUFFIXES:
        return Claim(Role.OTHER, reason="a document, not a photograph")
    if suffix in _ARCHIVE_SUFFIXES:
        return Claim(Role.OTHER, reason="a compressed folder: unpack it here")
    return Claim(Role.OTHER, reason="not a photograph and not a sidecar")


def matches(pattern: str, name: bytes | str) -> bool:
    """Whether a file pattern (`IMG_01*.JPG`; `*`, `?`, `[...]`) means this name, by `key`.

    A name is meant by itself, whatever signs it has in it (`photo[1].jpg`).
    """
    wanted, folded = key(name), key(pattern)
    if wanted == folded or not is_glob(folded):
        return wanted == folded
    return _glob(folded).match(wanted) is not None


def is_glob(pattern: str) -> bool:
    """Whether a file pattern may mean several names."""
    return any(sign in pattern for sign in "*?[")


@functools.lru_cache(maxsize=4096)
def _glob(folded: str) -> re.Pattern[str]:
    # fnmatch itself remembers 256 patterns; a table of a shoot has thousands, for every photo.
    return re.compile(fnmatch.translate(folded))
