"""One tree of errors. Each carries what happened, what to do about it, and an exit code.

Exit codes (also in the README and in `dam --help`):

====  =========================================================
0     fine
1     a defect in dam, or a fault of the machine (disk, memory)
2     usage or configuration
3     findings that the caller asked to fail on (`--fail-on`)
4     some inputs held or quarantined, where asked (`--strict`)
5     integrity failure
====  =========================================================

No message may carry personal data or more of a path than the user gave.
"""

from __future__ import annotations

from typing import ClassVar

OK = 0
DEFECT = 1
USAGE = 2
FINDINGS = 3
HELD = 4
INTEGRITY = 5


class DamError(Exception):
    """Base of all errors that a person should read: `what` happened and `hint`, what to do."""

    exit_code: ClassVar[int] = DEFECT

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}" if self.hint else self.what


class UsageError(DamError):
    """The command, its options or an id in it cannot be meant."""

    exit_code = USAGE


class ConfigurationError(DamError):
    """The workspace, its settings or its folders are not usable as they are."""

    exit_code = USAGE


class NoDarkroom(ConfigurationError):
    """No process that decodes photographs could be started; no photograph is at fault."""


class WorkspaceBusy(ConfigurationError):
    """Another process already works on this workspace."""


class ProblemsError(ConfigurationError):
    """Several problems of one input, told at once. `problems` are one line each."""

    def __init__(self, what: str, problems: tuple[str, ...], hint: str = "") -> None:
        super().__init__(what, hint)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join((super().__str__(), *(f"  {line}" for line in self.problems)))


class RulePackError(ProblemsError):
    """The rule pack cannot be used; every problem is listed."""


class StorageError(DamError):
    """The disk refused (full, read-only, failing). Nothing was lost; running again resumes."""


class SourceChanged(DamError):
    """A file changed while it was read; the reader starts again later."""


class UnsafeSource(DamError):
    """Not a regular file that may be opened (a link, a pipe, a device, a folder)."""


class UnusablePhoto(DamError):
    """The bytes cannot be trusted as a photograph.

    `incomplete` is true where the file looks cut off (held: it may still arrive
    whole) and false where it is no photograph or a dangerous one (quarantined). `again` is
    true where whoever looked died, or ran out of time or memory: that may have been the
    machine's fault, so one more try is due.
    """

    def __init__(
        self, what: str, hint: str = "", *, incomplete: bool = False, again: bool = False
    ) -> None:
        super().__init__(what, hint)
        self.incomplete = incomplete
        self.again = again


class RenditionRefused(DamError):
    """A rendition that was read back carries something outside the allow-list."""


class IntegrityError(DamError):
    """Bytes or records are not what was recorded."""

    exit_code = INTEGRITY


class FindingsError(DamError):
    """The audit found what the caller asked to fail on."""

    exit_code = FINDINGS


class InputsHeld(DamError):
    """Some inputs were held, refused or quarantined and the caller asked to fail then."""

    exit_code = HELD
