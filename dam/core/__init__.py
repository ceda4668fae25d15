"""The pure core: no filesystem, no clock, no pictures, no SQL, no printing.

Time and bytes come in as arguments; data goes out. Everything `dam` exists for
(facts, consent, rules, decisions, the life of a photo) is decided here.
"""
