"""Writing layers: from the paths of a plan to a blob in the store, or to the blob that is already there.

The bytes of a layer are a function of what `layer_key` hashes and of nothing else: not of the number of workers, the
order of dictionaries, the clock or the place. A layer whose key is known is not written again.

A layer is never held in memory. One thread reads, verifies and cuts blocks; one hashes them; a pool compresses them;
the blob is hashed while it is written.

Spec: OCI image-spec v1.1 layer.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from itertools import chain

from pkg2image.digest import Digest
from pkg2image.image.compress import Compression, CompressorIdentity, HashedBlocks, compress, workers
from pkg2image.image.content import ContentReader
from pkg2image.image.model import Layer
from pkg2image.image.partition import LayerPlan
from pkg2image.image.tarwriter import END, TarEntry, tar_entries, tar_stream
from pkg2image.plan import canonical_json
from pkg2image.progress import Reporter, Silence
from pkg2image.rootfs.tree import Identities, Tree
from pkg2image.store import Store

LAYER_VERSION = 1
"""Raised when the same entries give other bytes, so that no layer of an older version is taken for a new one."""

_RECORD_KIND = "layers"
_AT_ONCE = 2  # so that the last blocks of one layer and the first of the next share the pool


def write_layers(
    tree: Tree,
    plans: Sequence[LayerPlan],
    *,
    identities: Identities,
    store: Store,
    compression: Compression,
    epoch: int,
    jobs: int = 1,
    reporter: Reporter | None = None,
) -> tuple[Layer, ...]:
    """Write all layers of an image, or find them in the store.

    Args:
        tree: The finished root filesystem.
        plans: What `partition` made of it.
        identities: Numbers of users and groups.
        store: Where content comes from and layers go.
        compression: ``gzip``, ``zstd`` or ``none``.
        epoch: Seconds; no entry is younger.
        jobs: How many threads may work; never shows in the bytes.
        reporter: Told of every layer that is done.

    Returns:
        The layers in the order of the plans.

    Raises:
        MissingBlobError: When content is not in the store.
        CorruptBlobError: When content has changed in the store.
        OutputError: When the store cannot be written.
    """
    reporter = reporter or Silence()
    reporter.step("writing layers", len(plans))
    identity = compression.identity()
    count = workers(jobs)

    def work(plan: LayerPlan) -> Layer:
        entries = tuple(tar_entries(tree, plan.paths, identities=identities, epoch=epoch))
        layer = _layer(plan, entries, store=store, compression=compression, identity=identity, pool=pool, ahead=ahead)
        reporter.advance(1)
        return layer

    at_once = min(_AT_ONCE, count)
    ahead = count // at_once + 1
    with ThreadPoolExecutor(count) as pool, ThreadPoolExecutor(at_once) as writers:
        return tuple(writers.map(work, plans))


def layer_key(entries: Iterable[TarEntry], identity: CompressorIdentity) -> str:
    """Return the SHA-256 of everything that determines the bytes of a layer.

    The epoch is in it through the times it has capped, and only there: a layer whose files are all older is the same
    layer in every later build.
    """
    seen = hashlib.sha256(canonical_json([LAYER_VERSION, str(identity), identity.probe]))
    for entry in entries:
        seen.update(render_entry(entry))
    return seen.hexdigest()


def render_entry(entry: TarEntry) -> bytes:
    """Return one line that is equal for equal members and for no others."""
    content = (entry.content.sha256, entry.content.size) if entry.content else ("", 0)
    fields = (
        entry.path,
        entry.kind.value,
        entry.mode,
        entry.uid,
        entry.gid,
        entry.mtime,
        *content,
        entry.target,
        entry.hard_link,
        entry.device,
        [(name, value.hex()) for name, value in entry.xattrs],
    )
    return json.dumps(fields).encode() + b"\n"


def _layer(
    plan: LayerPlan,
    entries: tuple[TarEntry, ...],
    *,
    store: Store,
    compression: Compression,
    identity: CompressorIdentity,
    pool: Executor,
    ahead: int,
) -> Layer:
    key = layer_key(entries, identity)
    make = partial(Layer, name=plan.name, compression=compression.name, packages=plan.packages)
    known = store.record(_RECORD_KIND, key)
    if known is not None:
        fields = json.loads(known)
        layer = make(
            digest=Digest.parse(fields["digest"]),
            size=fields["size"],
            diff_id=Digest.parse(fields["diff_id"]),
            uncompressed_size=fields["uncompressed_size"],
        )
        if store.size(layer.digest) == layer.size:
            return layer
    with store.writer() as writer, ContentReader(store) as reader:
        tar = HashedBlocks(chain(tar_stream(entries, reader.pieces), (END,)))
        for piece in compress(tar, compression, pool=pool, ahead=ahead):
            writer.write(piece)
        blob = writer.commit()
        layer = make(digest=blob.digest, size=blob.size, diff_id=tar.digest, uncompressed_size=tar.size)
    store.put_record(_RECORD_KIND, key, _record(layer))
    return layer


def _record(layer: Layer) -> bytes:
    return canonical_json(
        {
            "digest": str(layer.digest),
            "size": layer.size,
            "diff_id": str(layer.diff_id),
            "uncompressed_size": layer.uncompressed_size,
        }
    )
