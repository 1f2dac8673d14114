"""The OpenAPI document against the server: what it says is what is answered, whatever is asked."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from interfaces.rest.serving import API, HERE, TARGET

EXAMPLES = 10
"""Of each route and kind of request; more find more, in proportion to their time."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def routes(served):
    """Every route of a server on which some work was done."""
    shown = served.open()
    served.answer(shown, "pick", candidate=1)
    served.post("/projects/1/exports", {"target": TARGET})
    served.workspace.jobs.settle()
    document = served.client.get(f"{API}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


def ask(served, route, mode, *more_checks):
    """Send requests to a route, half of them about things that are there."""

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=route.as_strategy(generation_mode=mode), is_known=st.booleans())
    def one(case, is_known):
        is_known &= bool(case.path_parameters)
        if is_known:
            case.path_parameters = dict.fromkeys(case.path_parameters, 1)
        sent = case.as_transport_kwargs(base_url=HERE)
        reply = served.client.request(
            sent["method"],
            sent["url"],
            params=sent["params"],
            headers=sent["headers"],
            cookies=sent["cookies"],
            json=sent.get("json"),
            content=sent.get("data"),
        )
        case.validate_response(reply, checks=[*CHECKS, *(() if is_known else more_checks)])

    one()


def test_every_answer_is_one_that_the_document_announces(served, routes):
    for route in routes:
        ask(served, route, GenerationMode.POSITIVE)
    served.workspace.jobs.settle()
    told = [job["detail"] for job in served.get("/jobs").json()]
    assert not [detail for detail in told if "that should not" in detail]


def test_every_request_that_misstates_something_is_refused(served, routes):
    asked = []
    for route in routes:
        with suppress(Unsatisfiable):  # nothing is stated, or nothing can be misstated
            ask(served, route, GenerationMode.NEGATIVE, negative_data_rejection)
            asked.append(route.label)
    assert len(asked) > len(routes) / 2
