"""Whatever touches the world - store, network, trust state, clock - in one value that is handed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.defaults import HostFacts, host_facts
from pkg2image.archive.trust import TrustMemory
from pkg2image.progress import Reporter
from pkg2image.store import Store


@dataclass(frozen=True, slots=True)
class World:
    """What a run works with, and all it can touch.

    Args:
        store: Downloads, facts and layers.
        memory: What was believed of sources before.
        acquirer: The network.
        host: What this machine says of itself.
        now: Seconds since the epoch, read once.
        jobs: How many threads may work; never shows in the result.
        offline: Whether the network is out of bounds.
        reporter: Who is told about progress.
    """

    store: Store
    memory: TrustMemory
    acquirer: Acquirer
    host: HostFacts
    now: int
    jobs: int
    offline: bool
    reporter: Reporter


def open_world(
    *,
    store: Store,
    state: Path,
    environment: Mapping[str, str],
    now: int,
    jobs: int,
    offline: bool,
    reporter: Reporter,
) -> World:
    """Put together what a run works with.

    Args:
        store: The opened store.
        state: Directory of the trust state.
        environment: Where proxies are looked up.
        now: Seconds since the epoch.
        jobs: How many threads may work.
        offline: Whether the network is out of bounds.
        reporter: Who is told about progress.
    """
    return World(
        store=store,
        memory=TrustMemory(state),
        acquirer=Acquirer(transport_for(environment), reporter=reporter),
        host=host_facts(machine=os.uname().machine),
        now=now,
        jobs=jobs,
        offline=offline,
        reporter=reporter,
    )
