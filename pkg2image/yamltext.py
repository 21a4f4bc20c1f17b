"""YAML that people write: plain values only, and a key that is given twice is a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    # libyaml where PyYAML was built with it: ten times faster, and a plan reads a few hundred lines.
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_DEEPEST = 50  # what people write has a handful of levels


class _StrictLoader(_Loader):
    """Refuses a key that is given twice; the specification says so, PyYAML takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is not a plain word", key.start_mark)
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
    _check_depth(text)
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 -- a subclass of the safe loader
    except ValueError as error:  # what looks like a date or a number may be none
        raise yaml.YAMLError(f"a value is not what it looks like: {error}") from error


def _check_depth(text: str | bytes) -> None:
    # libyaml's loader goes down by calling itself, until the stack of the process is used up.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")
