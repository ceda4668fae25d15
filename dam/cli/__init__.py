"""The command line: one module a verb. Parse, open, give the clock, call one flow, render."""
