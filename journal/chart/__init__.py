"""Pages that show several contexts at once: the chart overview, my list, and the list for when the journal is away."""

from journal.chart.downtime.service import Downtime

__all__ = ["Downtime"]
