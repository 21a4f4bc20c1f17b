"""What an apt repository is: sources, Release, signature, index, download, and the defaults of the host."""
