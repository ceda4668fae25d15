"""ingest: what lies in the inbox becomes assets; what is due is decided again."""

from dam.flows.ingest.afresh import take_back, take_out
from dam.flows.ingest.due import redecide, taking_back
from dam.flows.ingest.ending import Ending, Endings, Order
from dam.flows.ingest.health import Health, log_outcome
from dam.flows.ingest.outcome import Became, Listener, Outcome, Progress, Report, Why
from dam.flows.ingest.photos import standing
from dam.flows.ingest.preview import preview
from dam.flows.ingest.run import Ready, quiet_ready, run
from dam.flows.ingest.watch import watch

__all__ = [
    "Became",
    "Ending",
    "Endings",
    "Health",
    "Listener",
    "Order",
    "Outcome",
    "Progress",
    "Ready",
    "Report",
    "Why",
    "log_outcome",
    "preview",
    "quiet_ready",
    "redecide",
    "run",
    "standing",
    "take_back",
    "take_out",
    "taking_back",
    "watch",
]
