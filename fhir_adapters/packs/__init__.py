"""Packs as archives: what a pack needs in one file, signed, the same bytes for the same rules, and verified before it is used."""
