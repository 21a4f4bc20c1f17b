"""What a .deb is: versions, control stanzas, relations, ar and tar reading, and the facts kept of each package.

Knows nothing of repositories, trees or images.
"""
