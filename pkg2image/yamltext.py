"""YAML that people write: plain values only, and a key that is given twice is a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    # libyaml where PyYAML was built with it: ten times faster, and a plan reads a few hundred lines.
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):
    """Refuses a key that is given twice; the specification says so, PyYAML takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str | bytes) -> Any:
    """Return the value of a YAML document.

    Args:
        text: The document; bytes are UTF-8.

    Raises:
        yaml.YAMLError: When it is not YAML, asks for other than plain values, or repeats a key.

    Spec: YAML 1.1, "Mapping".
    """
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 -- a subclass of the safe loader
