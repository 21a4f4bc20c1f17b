"""``Plan -> Tree -> Image -> Output*``: packages become a configured tree, and that an image."""
