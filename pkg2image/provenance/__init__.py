"""Where an image comes from, as a statement that others can check."""
