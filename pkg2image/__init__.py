"""Turn distribution packages into container images without a base OS layer.

The package is one straight line, readable in `pkg2image.pipeline`:
``BuildRequest -> Plan -> FetchedDeb* -> Tree -> Layer* -> Image -> Output*``.
"""

__version__ = "0.1.0"
