"""Whether an image does its job: it is started under a runtime of this machine and asked."""
