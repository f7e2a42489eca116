"""Panels of the dashboards, each in a line or two: what it is called, what it asks, how wide it is.

A thin skin over grafana-foundation-sdk: the same datasource, refId, unit and colours everywhere.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import heatmap as heats
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableHide,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = DataSourceRef(type_val="prometheus", uid="suban-prometheus")
GREEN, AMBER, RED = "green", "orange", "red"
Step = tuple[float | None, str]
Panel = stat.Panel | timeseries.Panel | bargauge.Panel | heatmap.Panel
LARGE = 72


@dataclass(frozen=True)
class Query:
    """PromQL and what a line is called; `{{label}}` puts a label's value."""

    expr: str
    legend: str = ""


def number(
    title: str,
    about: str,
    expr: str,
    *,
    unit: str = "short",
    steps: Sequence[Step] = ((None, GREEN),),
    span: int = 4,
    since: str | None = None,
    large: bool = False,
    list_: str = "",
) -> stat.Panel:
    """One figure, coloured by `steps`: (from this value on, colour), the first without a value.

    `since`: its own time range (`now/d`: today); `list_`: the address of the list behind it.
    """
    panel = stat.Panel().title(title).description(about).unit(unit).span(span).height(8 if large else 4)
    panel = panel.datasource(DATASOURCE).graph_mode(looks.BigValueGraphMode.NONE).no_value("–")
    panel = panel.thresholds(_thresholds(steps))
    panel = panel.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    panel = panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    if large:
        panel = panel.color_mode(looks.BigValueColorMode.BACKGROUND)
        panel = panel.text(common.VizTextDisplayOptions().value_size(LARGE))
    panel = panel.time_from(since) if since else panel
    panel = panel.data_links([_list(list_)]) if list_ else panel
    return panel.with_target(_target(Query(expr), 0, instant=True))


def lines(
    title: str, about: str, *queries: Query, unit: str = "short", span: int = 12, least: float | None = 0
) -> timeseries.Panel:
    """Lines over time."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .unit(unit)
        .span(span)
        .height(8)
        .datasource(DATASOURCE)
    )
    panel = panel.fill_opacity(8).line_width(2).show_points(looks.VisibilityMode.NEVER)
    panel = panel.legend(
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(looks.LegendDisplayMode.LIST)
        .placement(looks.LegendPlacement.BOTTOM)
    )
    panel = panel.tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI))
    if least is not None:
        panel = panel.min(least)
    for place, query in enumerate(queries):
        panel = panel.with_target(_target(query, place))
    return panel


def bars(
    title: str,
    about: str,
    query: Query,
    *,
    unit: str = "short",
    steps: Sequence[Step] = ((None, GREEN),),
    span: int = 12,
    list_: str = "",
) -> bargauge.Panel:
    """One bar a label, the longest first as the query sorts them; `list_` as of a number."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(about)
        .unit(unit)
        .span(span)
        .height(8)
        .datasource(DATASOURCE)
    )
    panel = (
        panel.orientation(looks.VizOrientation.HORIZONTAL)
        .display_mode(looks.BarGaugeDisplayMode.BASIC)
        .min(0)
    )
    panel = panel.thresholds(_thresholds(steps)).reduce_options(
        common.ReduceDataOptions().calcs(["lastNotNull"])
    )
    panel = panel.data_links([_list(list_)]) if list_ else panel
    return panel.with_target(_target(query, 0, instant=True))


def heat(title: str, about: str, query: Query, *, span: int = 12) -> heatmap.Panel:
    """How many of which length, over time; `query` gives a histogram's buckets by `le`, in seconds."""
    panel = heatmap.Panel().title(title).description(about).span(span).height(8).datasource(DATASOURCE)
    panel = panel.calculate(calculate=False).y_axis(heatmap.YAxisConfig().unit("s"))
    panel = panel.color(
        heatmap.HeatmapColorOptions().mode(heats.HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    )
    return panel.with_target(_target(query, 0).format(PromQueryFormat.HEATMAP))


def board(
    uid: str,
    title: str,
    about: str,
    rows: Sequence[tuple[str, Sequence[Panel]]],
    variables: Sequence[dashboard.QueryVariable | dashboard.TextBoxVariable] = (),
    since: str = "now-24h",
) -> dashboard.Dashboard:
    """A dashboard of rows, titled unless the title is empty; panels flow from left to right, 24 columns wide."""
    built = (
        dashboard.Dashboard(title).uid(uid).description(about).tags(["suban"]).timezone("browser").readonly()
    )
    built = built.time(since, "now").refresh("10s").tooltip(DashboardCursorSync.CROSSHAIR)
    for variable in variables:
        built = built.with_variable(variable)
    numbers = itertools.count(
        1
    )  # given here: Grafana would give others at each load, and links to a panel would break
    for name, panels in rows:
        built = built.with_row(dashboard.Row(name).id(next(numbers))) if name else built
        for panel in panels:
            built = built.with_panel(panel.id(next(numbers)))
    return built


def choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A list to choose from; all at first."""
    variable = dashboard.QueryVariable(name).label(label).datasource(DATASOURCE).query(query).all_value(".*")
    variable = variable.current(VariableOption(selected=True, text="All", value="$__all"))
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).multi(True).include_all(True)


def given(name: str, label: str, value: str, *, shown: bool = True) -> dashboard.TextBoxVariable:
    """A value that whoever looks may change: where a service's door is."""
    variable = dashboard.TextBoxVariable(name).label(label).default_value(value)
    variable = variable.current(VariableOption(selected=True, text=value, value=value))
    return variable if shown else variable.hide(VariableHide.HIDE_VARIABLE)


def _list(address: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink("清单 list").url(address).target_blank(True)


def _target(query: Query, place: int, *, instant: bool = False) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).ref_id(chr(ord("A") + place)).datasource(DATASOURCE)
    target = target.legend_format(query.legend) if query.legend else target
    return target.instant() if instant else target.range()


def _thresholds(steps: Sequence[Step]) -> dashboard.ThresholdsConfig:
    marks = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(marks)
