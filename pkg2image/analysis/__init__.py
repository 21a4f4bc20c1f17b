"""What the files of an image tell: how it is started, what it asks for, and whether that is there."""
