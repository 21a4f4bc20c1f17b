"""Signatures of images: made with a local key, kept where others look for them, and verified."""
