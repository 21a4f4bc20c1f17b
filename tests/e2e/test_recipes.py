"""Every built-in recipe does its job: its image is built from the archive and passes its own smoke test.

The suites alternate, so that both are seen; the recipes themselves name neither.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pkg2image.recipes.load import builtin_recipes
from pkg2image.recipes.model import Recipe, SmokeStep
from pkg2image.selftest.asking import ask_port
from tests.e2e.conftest import Lab, Workshop
from tests.support.containers import Answer, Container, Start, until
from tests.support.tools import needs

pytestmark = [pytest.mark.runtime, pytest.mark.network]

SUITES = ("bookworm", "trixie")
RECIPES = {recipe.name: recipe for recipe in builtin_recipes()}
CASES = [(name, SUITES[number % len(SUITES)]) for number, name in enumerate(RECIPES)]
# With podman too: an application that starts as root, one that does not, and one that has scripts.
PODMAN = ("apache2", "mosquitto", "openssh-server")
# Started by a manifest; those with a first start have a pre-start event.
ACIS = ("apache2", "bind9", "mariadb-server", "nginx", "openssh-server", "redis")
SECONDS = 120.0


def build(workshop: Workshop, place: Path, recipe: Recipe, suite: str, file_format: str) -> Path:
    """Build the image of the package that a recipe is called after."""
    image = place / f"{recipe.name}.{file_format}"
    words = ("--format", file_format, "--compression", "none", "-o", str(image))
    workshop.run("build", recipe.name, "--suite", suite, *words)
    return image


@pytest.mark.parametrize(("name", "suite"), CASES)
def test_its_image_passes_its_smoke_test(workshop: Workshop, tmp_path: Path, name: str, suite: str) -> None:
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("starting containers needs root")
    recipe = RECIPES[name]
    assert recipe.smoke_test is not None, f"{name} does not say how to see that it works"
    image = build(workshop, tmp_path, recipe, suite, "oci")
    inferred = json.loads(workshop.run("inspect", str(image), "--json"))["inferred"]
    assert inferred["recipe"] == name
    assert inferred["smoke_test"].keys() == recipe.smoke_test.model_dump(exclude_defaults=True).keys()
    for runtime in ("runc", "podman") if name in PODMAN else ("runc",):
        needs(runtime)
        said = workshop.run("test", str(image), "--runtime", runtime, "--timeout", str(SECONDS))
        assert said.startswith(f"{image}: passed ({runtime}; ")


def ask(container: Container, step: SmokeStep) -> Answer:
    """Ask one question of a smoke test."""
    if step.run:
        return container.run(*step.run)
    answer = ask_port(container.pid, step, SECONDS)
    return Answer(answer.code, answer.output, answer.errors)


@pytest.mark.parametrize("name", ACIS)
def test_its_aci_does_the_same(lab: Lab, workshop: Workshop, tmp_path: Path, name: str) -> None:
    recipe = RECIPES[name]
    test = recipe.smoke_test
    assert test is not None
    assert not test.command, "an ACI has no command that could be replaced"
    image = build(workshop, tmp_path, recipe, dict(CASES)[name], "aci")
    volumes = json.loads(workshop.run("inspect", str(image), "--json"))["inferred"]["values"]["volumes"]["value"]
    how = Start(
        environment=test.environment,
        read_only=True,
        volumes={path: f"{name}{path.replace('/', '-')}" for path in volumes},
        scratch=("/tmp", *(() if any(path.startswith("/run/") for path in volumes) else ("/run",))),
    )
    container = lab.start_image("aci", image, how)

    def is_ready() -> bool:
        assert not container.ended(), container.logs()
        return ask(container, SmokeStep(run=test.ready) if test.ready else test.steps[0]).code == 0

    until(is_ready, name)
    for step in test.steps:
        answer = ask(container, step)
        assert answer.code == 0, answer.errors + container.logs()
        assert step.expect in answer.output
