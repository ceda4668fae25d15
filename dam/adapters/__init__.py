"""One module for each outside thing. Adapters import the core and never each other.

Two of them are compositions and say so in the import contract: `metadata` calls
`exif`, `iptc` and `xmp`; `darkroom` calls `imaging`, `metadata` and `faces`.
"""
