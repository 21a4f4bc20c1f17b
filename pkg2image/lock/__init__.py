"""The lock: exactly what an image is made of, as a file to keep beside one's code, and inside the image."""
