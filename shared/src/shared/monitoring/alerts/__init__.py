"""Alerts: a failure is told once, where people look, and so is its end."""

from shared.monitoring.alerts.alerts import Alerts
from shared.monitoring.alerts.episodes import Episode

__all__ = ["Alerts", "Episode"]
