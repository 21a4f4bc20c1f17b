"""The closure of a plan, drawn: for Graphviz, as a picture, as a page to look around in."""
