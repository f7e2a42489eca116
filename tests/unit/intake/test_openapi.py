"""The published document: OpenAPI 3.1, every reference resolves, every error is a problem."""

import json
import re

from services.intake import api


def test_every_reference_resolves() -> None:
    document = api.openapi()
    assert document["openapi"].startswith("3.1")
    wanted = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert wanted <= document["components"]["schemas"].keys()


def test_every_error_is_a_problem_and_the_hot_routes_are_there() -> None:
    paths = api.openapi()["paths"]
    assert paths.keys() == {
        "/v1/requests",
        "/v1/requests:batch",
        "/v1/requests/{name}/acts",
        "/v1/requests/{name}",
    }
    for operations in paths.values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                assert list(answer["content"]) == [
                    "application/json" if status < "4" else "application/problem+json"
                ]
            assert {"401", "429", "503"} <= operation["responses"].keys()
    body = paths["/v1/requests"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Request"}
