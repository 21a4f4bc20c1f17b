"""The root filesystem as a value: tree, skeleton, dpkg's file rules, users, dpkg database."""
