"""What of an image can be reached from its entry points, with a reason for every file."""
