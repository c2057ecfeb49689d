"""The description of the API is made from the routes that run."""

from supervisor.client import Client
from supervisor.remote import openapi
from supervisor.remote.routes import ROUTES
from tests.fakes.house import House


def test_every_route_is_described_and_nothing_else() -> None:
    """Method by method, with the scope it needs, its fields and its sentence."""
    described = openapi.document(ROUTES)["paths"]

    operations = {(method.upper(), path) for path, told in described.items() for method in told}
    assert operations == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        told = described[route.path][route.method.lower()]
        names = {one["name"] for one in told["parameters"] if one["in"] == "query"}
        assert names == route.query
        assert told["summary"].endswith(".")
        assert told["security"] == ([] if route.scope is None else [{"device": [route.scope]}])
        assert ("requestBody" in told) == (route.longest_body > 0)


def test_the_running_supervisor_describes_itself(house: House) -> None:
    """OpenAPI 3.1, at its usual place."""
    document = Client(house.socket).get("/api/openapi.json")

    assert document["openapi"] == "3.1.0"
    assert {"info", "paths", "components"} <= document.keys()
    assert "text/event-stream" in document["paths"]["/api/events"]["get"]["responses"]["200"]["content"]
