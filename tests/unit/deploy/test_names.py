"""What rules and dashboards name exists: metrics, labels, the datasource."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.grafana import build
from deploy.local.stack import ROOT
from services.console import metrics_doc

PROMETHEUS, GRAFANA = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana"
METRIC = re.compile(r"\bsuban_[a-z0-9_]+(?:\{([^}]*)\})?")
RECORDED = re.compile(r"\bsuban:[a-z0-9_:]+(?:\{([^}]*)\})?")
LABEL = re.compile(r'([a-z_]+)\s*[=!]~?\s*"')
GIVEN_BY_PROMETHEUS = {"job", "instance", "le"}
SPANS = {1800.0, 86400.0}


def rules() -> Iterator[dict[str, Any]]:
    for path in sorted((PROMETHEUS / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def panels() -> Iterator[dict[str, Any]]:
    for board in build.dashboards().values():
        yield from json.loads(json.dumps(board))["panels"]


ALERTS = [rule for rule in rules() if "alert" in rule]
EXPRESSIONS = [rule["expr"] for rule in rules()] + [
    target["expr"] for panel in panels() for target in panel.get("targets", ())
]


def series() -> dict[str, set[str]]:
    """Every series a service can expose → its labels."""
    found: dict[str, set[str]] = {}
    for metrics in metrics_doc.declared().values():
        for metric in metrics:
            name, labels = metrics_doc.name_of(metric), set(metrics_doc.labels_of(metric))
            endings = ("_bucket", "_sum", "_count") if metrics_doc.buckets_of(metric) else ("",)
            found |= {f"{name}{ending}": labels for ending in endings}
    return found


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_metrics_and_labels_are_declared(expr: str) -> None:
    known = series()
    for found in METRIC.finditer(expr):
        name = found[0].partition("{")[0]
        assert name in known, name
        assert set(LABEL.findall(found[1] or "")) <= known[name] | GIVEN_BY_PROMETHEUS, found[0]


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_recorded_series_are_recorded(expr: str) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert {found[0].partition("{")[0] for found in RECORDED.finditer(expr)} <= recorded


def test_spans_of_the_promise_have_buckets_at_the_promise() -> None:
    spans = {
        metrics_doc.name_of(metric): set(metrics_doc.buckets_of(metric))
        for metric in metrics_doc.declared()["services.sla.metrics"]
        if metrics_doc.name_of(metric) in ("suban_sla_response_seconds", "suban_sla_close_seconds")
    }
    assert len(spans) == 2
    assert all(bounds >= SPANS for bounds in spans.values())


def test_every_metric_is_in_its_service_s_list_and_named_after_it() -> None:
    for module, metrics in metrics_doc.declared().items():
        service = module.split(".")[1]
        prefix = "suban_" if service == "chassis" else f"suban_{service}_"
        assert all(metrics_doc.name_of(metric).startswith(prefix) for metric in metrics), module


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_in_two_languages_and_where_to_read_on(alert: dict[str, Any]) -> None:
    notes = alert["annotations"]
    assert notes.keys() == {"summary", "summary_zh", "description", "description_zh", "runbook_url"}
    assert all(re.search(r"[\u4e00-\u9fff]", notes[name]) for name in ("summary_zh", "description_zh"))
    assert not any(re.search(r"[\u4e00-\u9fff]", notes[name]) for name in ("summary", "description"))
    assert notes["runbook_url"] == f"docs/runbooks/{alert['alert']}.md"
    assert alert["labels"]["severity"] in ("critical", "warning")


def test_each_alert_is_shown_to_fire_and_to_keep_quiet() -> None:
    files = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (PROMETHEUS / "tests").glob("*.yml")
    ]
    cases = [case for file in files for test in file["tests"] for case in test.get("alert_rule_test", ())]
    names = {alert["alert"] for alert in ALERTS}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names


def test_panels_ask_the_provisioned_datasource_and_have_numbers_of_their_own() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    every = list(panels())
    for board in build.dashboards().values():
        ids = [panel["id"] for panel in json.loads(json.dumps(board))["panels"]]
        assert len(set(ids)) == len(ids)
    for panel in every:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == source["uid"]
            assert target["refId"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in every)


@pytest.mark.parametrize("name", build.dashboards())
def test_the_committed_dashboard_is_the_generated_one(name: str) -> None:
    committed = json.loads((GRAFANA / "dashboards" / name).read_text(encoding="utf-8"))
    assert committed == build.dashboards()[name], "run `make docs`"


def test_grafana_finds_the_dashboards_where_compose_mounts_them() -> None:
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/suban.yml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    assert (
        f"./grafana/dashboards:{provider['options']['path']}:ro" in compose["services"]["grafana"]["volumes"]
    )


def test_a_list_behind_a_figure_is_an_address_of_sla_s_door_with_what_it_takes() -> None:
    described = json.loads((ROOT / "docs/openapi/sla.json").read_text(encoding="utf-8"))["paths"][
        "/v1/clocks"
    ]["get"]
    taken = {one["name"]: one["schema"] for one in described["parameters"]}
    links = [
        link["url"]
        for panel in panels()
        for link in panel.get("fieldConfig", {}).get("defaults", {}).get("links", ())
    ]
    assert len(links) >= 12
    for link in links:
        door, _, asked = link.partition("?")
        assert door == "${sla}/v1/clocks"
        assert {pair.partition("=")[0] for pair in asked.split("&")} <= set(taken)
        assert re.search(r"state=(running|due_soon|breached|corrected)(&|$)", asked)


def test_prometheus_keeps_what_the_dashboards_look_back_for() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    (kept,) = (int(found[1]) for word in compose["services"]["prometheus"]["command"]
               if (found := re.search(r"retention\.time=(\d+)d", word)))  # fmt: skip
    assert kept >= 35
