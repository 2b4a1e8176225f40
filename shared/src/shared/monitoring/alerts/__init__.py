"""Alerts: a failure is told once, where people look, and so is its end."""

from shared.monitoring.alerts.alerts import Alerts
from shared.monitoring.alerts.episodes import Episode
from shared.monitoring.alerts.teller import Teller

__all__ = ["Alerts", "Episode", "Teller"]
