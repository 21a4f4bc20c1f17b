"""The debconf database: templates of packages, the questions made of them, and their answers.

Nobody is there to be asked, so it behaves as debconf's noninteractive front end: the answer to a question is the one
that was given beforehand (preseeded), that a script set, or the default of its template.

Spec: debconf-devel(7); debconf specification, protocol version 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pkg2image.maintscript.failure import NotUnderstoodError

_FIELD = re.compile(r"([-_@.A-Za-z0-9]*):[ \t]?(.*)", re.ASCII)
_VARIABLE = re.compile(r"(\\)?\$\{([^{}]+)\}")
_CHOICE_SEPARATOR = re.compile(r"(\\[, ]|,\s+)")
_EXPANDED = ("description", "extended_description", "choices")


@dataclass(frozen=True, slots=True)
class Template:
    """What a package knows about a question.

    Args:
        name: For example ``postfix/main_mailer_type``.
        fields: Lower-case name -> value (``type``, ``default``, ``choices``); the long description is
            ``extended_description``. Translations are kept under their full name (``choices-c``).
    """

    name: str
    fields: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a field in the C locale; one that is missing is empty, as in debconf."""
        for key in (f"{name}-en", name, name.partition("-")[0]):
            if key in self.fields:
                return self.fields[key]
        return ""


@dataclass(frozen=True, slots=True)
class Question:
    """An instance of a template; most are the only one and have the template's name.

    Args:
        template: Name of the template.
        value: The answer when there is one.
        flags: Flags that are set (``seen``) with their values.
        variables: What is put in for ``${name}``.
        owners: Packages that use the question.
    """

    template: str
    value: str | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    owners: frozenset[str] = frozenset()


def parse_templates(text: str) -> tuple[Template, ...]:
    """Parse a ``templates`` control file.

    Raises:
        NotUnderstoodError: When it is not one.
    """
    stanzas = (stanza for stanza in re.split(r"\n\n+", text.strip("\n")) if stanza)
    return tuple(_parse_template(stanza) for stanza in stanzas)


def _parse_template(stanza: str) -> Template:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.split("\n"):
        if match := _FIELD.match(line):
            name = match[1].lower()
            if name in fields:
                raise NotUnderstoodError(f"a debconf template has the field {name} twice")
            fields[name] = match[2].rstrip()
        elif line[:1] in {" ", "\t"} and name:
            extended = f"extended_{name}"
            fields[extended] = _continue(fields.get(extended, ""), line[1:].rstrip())
        else:
            raise NotUnderstoodError(f"a debconf template has the line {line[:60]!r}")
    identity = fields.pop("template", "")
    if not identity or not fields.get("type"):
        raise NotUnderstoodError("a debconf template has no name or no type")
    return Template(identity, {key: value.rstrip("\n") for key, value in fields.items()})


def _continue(text: str, line: str) -> str:
    """Join a line of a long description: verbatim when it is indented further, else flowed."""
    if line == ".":
        return text + "\n\n"
    joint = "" if not text or text[-1] in "\n " else "\n" if line[:1].isspace() else " "
    return text + joint + line + ("\n" if line[:1].isspace() else "")


class DebconfDatabase:
    """Templates and questions of one image.

    Args:
        preseed: Question -> answer; such questions are seen, and scripts may still change the answer.
    """

    __slots__ = ("_preseed", "questions", "templates")

    def __init__(self, preseed: Mapping[str, str] | None = None) -> None:
        self._preseed = dict(preseed or {})
        self.templates: dict[str, Template] = {}
        """By name."""
        self.questions: dict[str, Question] = {}
        """By name."""

    def copy(self) -> DebconfDatabase:
        """Return an independent database with the same content, for a run that may have to be taken back."""
        twin = DebconfDatabase(self._preseed)
        twin.templates = dict(self.templates)
        twin.questions = dict(self.questions)
        return twin

    def same_as(self, other: DebconfDatabase) -> bool:
        """Say whether two databases have the same content."""
        return (self.templates, self.questions) == (other.templates, other.questions)

    def load(self, text: str, owner: str) -> None:
        """Register the templates of a package; answers of questions that are there already stay.

        Args:
            text: The ``templates`` control file.
            owner: The package.

        Raises:
            NotUnderstoodError: When the file is not one.
        """
        for template in parse_templates(text):
            self.templates[template.name] = template
            self.register(template.name, template.name, owner)

    def register(self, name: str, template: str, owner: str) -> None:
        """Make a question of a template, or add an owner and change the template of the one that is there."""
        old = self.questions.get(name)
        if old is None:
            answer = self._preseed.get(name)
            old = Question(template, answer, {} if answer is None else {"seen": "true"})
        self.questions[name] = replace(old, template=template, owners=old.owners | {owner})

    def disown(self, name: str, owner: str) -> None:
        """Take an owner away; a question without owner is forgotten."""
        left = self.questions[name].owners - {owner}
        if left:
            self.questions[name] = replace(self.questions[name], owners=left)
        else:
            del self.questions[name]

    def value(self, name: str) -> str:
        """Return the answer to a question: what was set, else the default."""
        question = self.questions[name]
        return question.value if question.value is not None else self.field(name, "default")

    def set_value(self, name: str, value: str) -> None:
        """Answer a question."""
        self.questions[name] = replace(self.questions[name], value=value)

    def flag(self, name: str, flag: str) -> str:
        """Return ``true`` or ``false``, or what else a flag was set to."""
        return self.questions[name].flags.get(flag, "false")

    def set_flag(self, name: str, flag: str, value: str) -> None:
        """Set a flag."""
        old = self.questions[name]
        self.questions[name] = replace(old, flags={**old.flags, flag: value})

    def substitute(self, name: str, variable: str, value: str) -> None:
        """Set what is put in for ``${variable}``."""
        old = self.questions[name]
        self.questions[name] = replace(old, variables={**old.variables, variable: value})

    def field(self, name: str, field: str) -> str:
        """Return a field of a question's template with its variables put in; a missing one is empty."""
        question = self.questions[name]
        template = self.templates.get(question.template)
        text = template.get(field) if template else ""
        if field.partition("-")[0] not in _EXPANDED:
            return text
        return _VARIABLE.sub(
            lambda found: "${" + found[2] + "}" if found[1] else question.variables.get(found[2], ""), text
        )

    def choices(self, name: str) -> tuple[str, ...]:
        """Return what may be answered to a ``select`` question."""
        items = [""]
        for chunk in _CHOICE_SEPARATOR.split(self.field(name, "choices-c")):
            if chunk[:1] == ",":
                items.append("")
            else:
                items[-1] += chunk[1:] if _CHOICE_SEPARATOR.fullmatch(chunk) else chunk
        return tuple(items if items[-1] else items[:-1])
