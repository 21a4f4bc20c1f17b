"""The content-addressed store: blobs named by their SHA-256, and small records derived from them.

The promises, whatever happens to the machine meanwhile:

* a blob appears under its name only after all of it was written, hashed and synced (temporary file, then rename);
* `Store.open` hashes a blob again before anybody sees a byte; a damaged one is put aside and has to be made anew;
* a record carries its own checksum, which covers its kind and key; a damaged one is as good as none;
* any number of processes may insert and read at once: they hold a shared lock. Only pruning and clearing, which
  remove what others may be using, want the lock for themselves.

Layout below the root: ``blobs/sha256/ab/abcd...``, ``records/<kind>/ab/<sha256 of the key>``, ``quarantine/``, ``tmp/``
and ``lock``. Modes do not depend on the umask.
"""

from __future__ import annotations

from pkg2image.store.blobs import Blob, BlobWriter, CorruptBlobError, MissingBlobError, Space, Store, StoreUsage

__all__ = ["Blob", "BlobWriter", "CorruptBlobError", "MissingBlobError", "Space", "Store", "StoreUsage"]
