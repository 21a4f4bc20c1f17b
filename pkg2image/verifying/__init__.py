"""Whether an image is what its lock says: it is built again, and the two are compared to the last byte."""
