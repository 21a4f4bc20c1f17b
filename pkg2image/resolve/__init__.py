"""From wanted packages to an exact, checked and explained set of packages."""
