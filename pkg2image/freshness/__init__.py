"""Whether an image or a lock is still what its sources would give today, and what to do when it is not."""
