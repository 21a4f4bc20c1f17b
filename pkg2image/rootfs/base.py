"""The packages that every image has a part of; apart from how they are used, so that a plan need not load that."""

SKELETON_PACKAGES = ("base-files", "base-passwd", "libc-bin")
