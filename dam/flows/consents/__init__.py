"""The register of consents: importing, renewing and withdrawing records, and asking about them.

All that is entered here goes to one source, the register: a newer statement of the same id
replaces the older one there, while events stay for ever, and sidecars that speak of the same
id still count beside it (the strictest wins). A change and the marking of every photograph
that rests on it are one transaction; deciding those again is the caller's next step.
"""

from dam.flows.consents import since
from dam.flows.consents.asking import (
    ON_RECORD,
    REGISTER,
    Listed,
    Shown,
    kind_of,
    listed,
    retracted,
    show,
    told,
)
from dam.flows.consents.changing import (
    OUTSIDERS,
    Change,
    Erased,
    Speaker,
    Statement,
    erase,
    renew,
    withdraw,
)
from dam.flows.consents.importing import Became, Entry, Imported, import_, read
from dam.flows.consents.withdrawing import Withdrawal, withdraw_everywhere

__all__ = [
    "ON_RECORD",
    "OUTSIDERS",
    "REGISTER",
    "Became",
    "Change",
    "Entry",
    "Erased",
    "Imported",
    "Listed",
    "Shown",
    "Speaker",
    "Statement",
    "Withdrawal",
    "erase",
    "import_",
    "kind_of",
    "listed",
    "read",
    "renew",
    "retracted",
    "show",
    "since",
    "told",
    "withdraw",
    "withdraw_everywhere",
]
