"""What the dashboards ask of the promise, written once: the share in time, the allowance, what is due, who has it.

`$department` and `$__range` are Grafana's to fill in. Lists behind a figure are addresses of sla's own door.
"""

MINE = 'department=~"$department"'
FINISHED = "suban_sla_clocks_finished_total"
OBJECTIVE = 'suban:objective:ratio{clock="%s"}'


def _late(clock: str, window: str) -> str:
    """Late ones of the window, those that were ours taken off."""
    return (
        f'clamp_min(sum(sum_over_time(suban:clocks_late:increase5m{{clock="{clock}", {MINE}}}[{window}])), 0)'
    )


def _late_share(clock: str, window: str) -> str:
    decided = f'sum(sum_over_time(suban:clocks_decided:increase5m{{clock="{clock}", {MINE}}}[{window}]))'
    return f"{_late(clock, window)} / ({decided} > 0)"


def in_time(clock: str, window: str) -> str:
    """(met + corrected) / (met + breached) of the window. Nothing decided: no figure."""
    return f"1 - {_late_share(clock, window)}"


def budget_left(clock: str) -> str:
    """How much of 30 days' allowance is left; below nought it is overdrawn."""
    late = _late_share(clock, "30d")
    return f"1 - {late} / scalar(1 - {OBJECTIVE % clock})"


def burn(window: str) -> str:
    """How many times faster than the objective allows the allowance is used up."""
    return f"suban:clock_breach:ratio_rate{window} / on (clock) (1 - suban:objective:ratio)"


def soon(clock: str, within: str, by: str = "") -> str:
    return f'sum{by} (suban:clocks_due_soon:max{{clock="{clock}", within="{within}", {MINE}}})'


def late_now(clock: str) -> str:
    return f'sum(suban:clocks_breached:max{{clock="{clock}", {MINE}}}) or vector(0)'


def counted(outcome: str, by: str = "department, clock") -> str:
    """Clocks decided so within the range."""
    return f'sum by ({by}) (increase({FINISHED}{{outcome="{outcome}", {MINE}}}[$__range]))'


def list_of(state: str, **more: str) -> str:
    """The list behind a figure, at sla's door."""
    asked = "".join(f"&{name}={value}" for name, value in more.items())
    return f"${{sla}}/v1/clocks?state={state}{asked}"
