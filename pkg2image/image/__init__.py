"""From a Tree to layers, and from layers to OCI, docker and ACI images and plain root filesystems."""
