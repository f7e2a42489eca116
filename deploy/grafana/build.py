"""The dashboards, as code. `make docs` writes deploy/grafana/dashboards/*.json; tests ask every panel's query of a real
Prometheus. Names of metrics are those of docs/metrics.md.
"""

import json

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana import board_sla, board_wall


def dashboards() -> dict[str, object]:
    """File name → what the file holds, ready for json.dump."""
    return {"sla.json": _plain(board_sla.build()), "wall.json": _plain(board_wall.build())}


def _plain(built: dashboard.Dashboard) -> object:
    return json.loads(json.dumps(built.build(), cls=JSONEncoder, ensure_ascii=False, sort_keys=True))
