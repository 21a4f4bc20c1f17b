"""Why a package is in a resolution, or why there is no resolution at all, in sentences for people.

A contradiction is told as a short chain of facts that starts at the request: no fact of it can be left out, linear
stretches are collapsed, and what the hint proposes was tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pkg2image.deb.package import Package
from pkg2image.deb.relation import Relation
from pkg2image.errors import UnresolvableError
from pkg2image.plan import CutEdge, Reason
from pkg2image.resolve.problem import Need, Problem
from pkg2image.resolve.request import Root, Want, comes_from
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.sat import Clash, Exclusion, Fact, Twins, encode, minimal_core
from pkg2image.resolve.universe import Universe

Request = tuple[Sequence[Want], Sequence[str]]
"""The wants, and the names that must not be in."""

_VERBS = {"Pre-Depends": "pre-depends on", "Depends": "depends on", "Conflicts": "conflicts with", "Breaks": "breaks"}
_LONG_CHAIN = 4
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a package is in a resolution, or what keeps it out.

    Args:
        chain: Package names with their reasons, from a root down to the package; empty when it is not in.
        cut: Edges to the package that the closure leaves out.
    """

    chain: tuple[tuple[str, Reason], ...]
    cut: tuple[CutEdge, ...]


def explain_package(resolution: Resolution, name: str) -> Explanation:
    """Say what brought a package in, or which edges to it were left out.

    Args:
        resolution: A resolution.
        name: A package name, real or virtual. An explanation without chain and cuts means that nothing in the
            resolution mentions the package.
    """
    reasons = {planned.package.name: planned.reason for planned in resolution.packages}
    chain: list[tuple[str, Reason]] = []
    step = name
    while step in reasons:
        chain.append((step, reasons[step]))
        step = "" if step in resolution.roots else reasons[step].parent
    return Explanation(tuple(reversed(chain)), tuple(edge for edge in resolution.cut if name in _names(edge)))


def _names(edge: CutEdge) -> set[str]:
    return {alternative.split()[0].partition(":")[0] for alternative in edge.relation.split("|")}


def explain_contradiction(
    universe: Universe, problem: Problem, request: Request, *, is_solvable: Callable[[Request], bool]
) -> UnresolvableError:
    """Return the error for a problem that has no solution.

    Args:
        universe: What was resolved in.
        problem: The problem.
        request: What it was made from.
        is_solvable: Solves a changed request, to verify a hint.
    """
    core = minimal_core(encode(problem))
    teller = _Teller(universe, problem, core)
    roots = ", ".join(dict.fromkeys(str(fact.want) for fact in core if isinstance(fact, Root)))
    proposals = _proposals(universe, problem, core, request)
    return UnresolvableError(
        f"cannot resolve {roots}: {teller.summary()}",
        reasons=tuple(teller.sentences()),
        hint=next((hint for hint, changed in proposals if is_solvable(changed)), None) or teller.advice(),
    )


class _Teller:
    """Turns the facts of a contradiction into sentences.

    Args:
        universe: Knows the versions that were not permitted.
        problem: Knows what satisfies what.
        core: The facts, from the request downwards.
    """

    def __init__(self, universe: Universe, problem: Problem, core: tuple[Fact, ...]) -> None:
        self._universe = universe
        self._problem = problem
        self._core = core

    def summary(self) -> str:
        """Return the point of the contradiction in half a sentence."""
        last = self._core[-1]
        match last:
            case Clash():
                return f"{last.ban.package.name} and {last.other.name} exclude each other"
            case Twins():
                return f"two versions of {last.first.name} are needed"
            case Exclusion():
                return f"{last.package.name} is needed and left out ({last.text})"
            case Need():
                return f"{last.package.name} needs {last}, {self._absence(last)}"
            case Root():
                raise AssertionError("a root has candidates")

    def advice(self) -> str:
        """Return what to do when no proposal was found to help."""
        last = self._core[-1]
        if isinstance(last, Need):
            return f"add a source that has {last.group[0].name}, or ask for another version of {last.package.name}"
        return "leave out one of the packages of the chain, or ask for other versions of them"

    def sentences(self) -> Iterator[str]:
        """Yield the chain of facts."""
        chains = {chain[0]: chain for chain in self._chains()}
        told: set[Fact] = set()
        for fact in self._core:
            if fact in told:
                continue
            chain = chains.get(fact, []) if isinstance(fact, Need) else []
            if len(chain) > _LONG_CHAIN:
                told.update(chain)
                yield self._sentence(chain[0])
                yield self._through(chain)
                yield self._sentence(chain[-1])
            else:
                yield self._sentence(fact)

    def _chains(self) -> Iterator[list[Need]]:
        """Yield the linear stretches: needs with one candidate each, of which nothing else is said."""
        needs = [fact for fact in self._core if isinstance(fact, Need)]
        subjects = Counter(package for fact in self._core for package in _subjects(fact))
        of_package = {need.package: need for need in needs}
        reached = Counter(option for need in needs for option in self._problem.candidates(need))

        def after(need: Need) -> Need | None:
            options = self._problem.candidates(need)
            if len(options) != 1 or subjects[options[0]] != 1 or reached[options[0]] != 1:
                return None
            return of_package.get(options[0])

        inner = {id(after(need)) for need in needs}
        for need in needs:
            if id(need) in inner:
                continue
            chain = [need]
            while (following := after(chain[-1])) is not None:
                chain.append(following)
            yield chain

    def _through(self, chain: Sequence[Need]) -> str:
        between = [need.package.name for need in chain[2:-1]]
        shown = ", ".join(between[:_SHOWN])
        more = f" and {len(between) - _SHOWN} more" if len(between) > _SHOWN else ""
        return f"{chain[1].package.name} needs {chain[-1].package.name} through {shown}{more}"

    def _sentence(self, fact: Fact) -> str:
        match fact:
            case Root():
                return _request(fact)
            case Need():
                return f"{fact.package} {_VERBS[fact.field]} {fact}{self._detail(fact)}"
            case Clash():
                return f"{fact.ban.package} {_VERBS[fact.ban.field]} {fact.ban.relation}{_how_hit(fact)}"
            case Twins():
                return f"{fact.first.name} cannot be in twice, as {fact.first.version} and as {fact.second.version}"
            case Exclusion():
                return f"{fact.package.name} is left out by the request ({fact.text})"

    def _detail(self, need: Need) -> str:
        options = self._problem.candidates(need)
        if not options:
            return f", {self._absence(need)}"
        if len(options) == 1 and options[0].name not in {relation.name for relation in need.group}:
            return f", which only {options[0].name} provides"
        return ""

    def _absence(self, need: Need) -> str:
        if len(need.group) == 1:
            return f"which {self._why_absent(need.group[0])}"
        reasons = [f"{relation.name} {self._why_absent(relation)}" for relation in need.group[:_SHOWN]]
        return f"but {', '.join(reasons)}{', ...' if len(need.group) > _SHOWN else ''}"

    def _why_absent(self, relation: Relation) -> str:
        versions = self._universe.versions(relation.name)
        if versions:
            return self._why_unfit(relation, versions)
        providers = [package.name for package in self._universe.providers(relation.name)]
        if providers:
            return f"is only provided by {', '.join(providers[:_SHOWN])}, and not in such a version"
        return "does not exist"

    def _why_unfit(self, relation: Relation, versions: Sequence[Package]) -> str:
        if relation.architecture == "any" and versions[0].multi_arch != "allowed":
            return "is not Multi-Arch: allowed"
        if relation.architecture not in {None, "any", "native", self._problem.scope.architecture}:
            return f"is of another architecture than {self._problem.scope.architecture}"
        pin = _pin(self._problem, relation)
        if pin is not None:
            return f"is asked for as {pin}"
        elsewhere = next((package for package in versions if relation.accepts(package.version)), None)
        if elsewhere is not None and elsewhere.origins:
            return (
                f"is {versions[0].version} unless {elsewhere.version} from {elsewhere.origins[0].codename} is asked for"
            )
        return f"is available as {versions[0].version} only"


def _pin(problem: Problem, relation: Relation) -> Want | None:
    wants = (root.want for root in problem.roots)
    return next((want for want in wants if want.is_pin and want.name == relation.name), None)


def _request(root: Root) -> str:
    reason = root.want.reason
    how = str(reason) if reason.kind != "requested" else "requested"
    if len(root.candidates) > 1:
        return f"{root.want} is {how}"
    (package,) = root.candidates
    return f"{package} is {how}" if str(root.want) == package.name else f"{root.want} is {how}: {package}"


def _how_hit(clash: Clash) -> str:
    relation, other = clash.ban.relation, clash.other
    if other.name != relation.name:
        return f", which {other.name} provides"
    return f", and {other.name} is {other.version}" if relation.operator else ""


def _subjects(fact: Fact) -> tuple[Package, ...]:
    match fact:
        case Root():
            return ()
        case Need():
            return (fact.package,)
        case Clash():
            return (fact.ban.package, fact.other)
        case Twins():
            return (fact.first, fact.second)
        case Exclusion():
            return (fact.package,)


def _proposals(
    universe: Universe, problem: Problem, core: tuple[Fact, ...], request: Request
) -> Iterator[tuple[str, Request]]:
    """Yield changes of the request that might help, the smallest first, each with the words for it."""
    wants, without = request
    for fact in core:
        if isinstance(fact, Exclusion):
            kept = [want for want in wants if not (want.exclude and want.name == fact.package.name)]
            yield f"allow {fact.package.name}", (kept, [name for name in without if name != fact.package.name])
    unmet = [
        relation for need in core if isinstance(need, Need) and not problem.candidates(need) for relation in need.group
    ]
    roots = [fact.want for fact in core if isinstance(fact, Root)]
    pins = [want for want in roots if want.is_pin] + [_pin(problem, relation) for relation in unmet]
    for pin in dict.fromkeys(pins):
        if pin is not None:
            relaxed = replace(pin, version=None, suite=None)
            yield f"ask for {pin.name} without a version or suite", (_swap(wants, pin, relaxed), without)
    for relation in unmet:
        pin = _pin(problem, relation)
        instead = f"instead of {pin}" if pin is not None else "as well"
        for extra in _other_versions(universe, relation):
            yield f"ask for {extra} {instead}", ([*(want for want in wants if want is not pin), extra], without)
    for want in reversed(roots if len(roots) > 1 else []):
        rest = [other for other in wants if other is not want]
        yield f"leave out {want}, or put it into an image of its own", (rest, without)


def _swap(wants: Sequence[Want], old: Want, new: Want) -> list[Want]:
    return [new if want is old else want for want in wants]


def _other_versions(universe: Universe, relation: Relation) -> Iterator[Want]:
    """Yield wants for versions that would satisfy a relation: by their suite where that says enough, or exactly."""
    versions = universe.versions(relation.name)
    for package in versions:
        if relation.accepts(package.version):
            for origin in package.origins[:1]:
                suite = origin.codename or origin.suite
                if not comes_from(versions[0], frozenset({suite})):
                    yield Want(relation.name, suite=suite, text=f"{relation.name}/{suite}")
            yield Want(relation.name, version=package.version, text=f"{relation.name}={package.version}")
