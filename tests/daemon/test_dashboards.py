"""What config/ has for Prometheus and Grafana names figures that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from logwatch.daemon.exposition_names import HELP

CONFIG = Path(__file__).parents[2] / "config"
RULES = yaml.safe_load((CONFIG / "prometheus" / "logwatch-alerts.yml").read_text())
DASHBOARD = json.loads((CONFIG / "grafana" / "logwatch.json").read_text())


def figures(query: str) -> dict[str, set[str]]:
    """The figures of ours that a query names, each with the labels that it asks for."""
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"\blogwatch_(\w+)(?:\{([^}]*)\})?", query):
        plain = re.sub(r"_(bucket|count|sum)$", "", name)
        asked = {each.partition("=")[0].strip(" !~") for each in labels.split(",") if each}
        found.setdefault(plain, set()).update(asked - {"instance"})
    return found


def test_each_rule_has_words_and_what_to_do():
    for rule in (each for group in RULES["groups"] for each in group["rules"]):
        assert rule["alert"].startswith("Logwatch")
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "action"}


def test_every_figure_that_is_asked_for_exists_with_its_labels():
    queries = [each["expr"] for group in RULES["groups"] for each in group["rules"]]
    queries += [t["expr"] for panel in DASHBOARD["panels"] for t in panel.get("targets", ())]
    assert len(queries) > 30
    for query in queries:
        for name, labels in figures(query).items():
            assert name in HELP, query
            assert labels <= set(HELP[name].labels), query


def test_panels_have_places_of_their_own():
    """No two overlap, and each has an id."""
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
