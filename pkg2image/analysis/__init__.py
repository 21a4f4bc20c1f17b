"""What the files of an image tell about the needs they have."""
