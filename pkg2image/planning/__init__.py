"""``BuildRequest -> Plan``: what sources offer, what is chosen of it, and what is remembered of that."""
