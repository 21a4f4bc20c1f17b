"""Maintainer scripts, read and interpreted on the tree of an image; no line of them is ever executed."""
