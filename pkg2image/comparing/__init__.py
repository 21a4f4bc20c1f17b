"""What differs between two images, or two locks, or one of each."""
