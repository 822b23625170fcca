"""Vital signs and weight: measured once, kept for ever, shown as the latest value and as a curve."""

from journal.observations.rules import KINDS, Kind, shown
from journal.observations.service import Measurement, Observations, Series

__all__ = ["KINDS", "Kind", "Measurement", "Observations", "Series", "shown"]
