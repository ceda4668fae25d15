"""The past: what was known at the end of a day, and what was lawful then."""

from dam.flows.past.days import at, end_of
from dam.flows.past.explaining import explain
from dam.flows.past.past import Look, Past, Then

__all__ = ["Look", "Past", "Then", "at", "end_of", "explain"]
