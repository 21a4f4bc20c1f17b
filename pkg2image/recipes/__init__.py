"""Recipes: what a few well-known applications need beside their packages, as data."""
