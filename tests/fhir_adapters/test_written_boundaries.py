"""The cases at the limits of every noun, as they are sent: valid FHIR, and each still inside, outside or open as it was made to be."""

import json
from contextlib import closing
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from engine.authoring.boundaries import Boundaries
from engine.authoring.folder import Loaded
from fhir_adapters.written_requests import ThroughFhir
from tests.engine.authoring.test_witnesses import CONDITIONS, TODAY
from tests.engine.authoring.test_witnesses import world as world
from tests.fhir_adapters.test_written_requests import resources


@pytest.mark.parametrize("name", CONDITIONS)
def test_each_case_lies_where_it_was_made_to_lie_by_way_of_fhir(world: Loaded, name: str) -> None:
    way = ThroughFhir()
    shapes: dict[tuple[str, ...], dict[str, Any]] = {}
    with closing(Boundaries(world, f"itb.{name}", today=TODAY, way=way)) as made:
        cases = [*made.seen()]
        for each in cases:
            for resource in resources(json.loads(made.request(each.case, way.request))):
                shapes.setdefault((resource["resourceType"], *sorted(resource)), resource)
    assert [each.name for each in cases if not each.as_meant] == []
    for resource in shapes.values():
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    assert ("Patient" in {shape[0] for shape in shapes}) == bool(cases)
