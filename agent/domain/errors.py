"""What can go wrong, drawn once.

    TactfulError                 everything the command line shows without a traceback
    |-- InputError               a file or an argument the user can mend; names the place
    |   |-- PlaybookError        playbook.yaml: file, line and field
    |   |-- PackError            a guard pack: file, line and field; no valid pack, no offer
    |   |-- GuidelineError       a guideline file: front matter or encoding
    |   `-- ImportFileError      a file that cannot be imported at all (single bad rows are quarantined)
    |-- NotFound                 an id or a customer that the store does not hold
    |-- Erased                   the inputs of a decision were erased: it cannot be replayed
    |-- StoreError               the database is missing, locked, newer than the code, or of another kind
    `-- DeciderError             a model failed; caught in `propose`, where the engine takes over

A conflict or an exhausted resource at commit is no error but a result: see `bundle.Outcome`.
"""

from __future__ import annotations


class TactfulError(Exception):
    """Base of all errors shown to users: what happened, and what to do next.

    Neither part may hold personal data or secrets; both are printed and logged.
    """

    def __init__(self, what: str, *, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step


class InputError(TactfulError):
    """Input the user can mend. `place` is `file`, `file:line` or the name of an option."""

    def __init__(self, what: str, *, place: str = "", next_step: str = "") -> None:
        super().__init__(f"{place}: {what}" if place else what, next_step=next_step)
        self.place = place


class PlaybookError(InputError):
    """playbook.yaml breaks its schema or contradicts itself."""


class PackError(InputError):
    """A guard pack is unreadable, names an unknown rule, or lacks a parameter."""


class GuidelineError(InputError):
    """A guideline file has a broken front matter or is not UTF-8 text."""


class ImportFileError(InputError):
    """The file as a whole cannot be read, or not to its end. What was taken until then stays."""


class NotFound(TactfulError):
    """The store holds no such thing for this tenant."""


class Erased(TactfulError):
    """The decision stands, but its inputs were erased on a person's request."""


class StoreError(TactfulError):
    """The store cannot be opened or written. Nothing was done."""


class DeciderError(TactfulError):
    """A decider gave no usable proposal. `cause` is a short stable word for the record."""

    def __init__(self, cause: str, what: str) -> None:
        super().__init__(what)
        self.cause = cause
