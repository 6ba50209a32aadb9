"""The whole configuration on virtual time: the same parsers, engine and rules as in the daemon.

Nothing is sent, nothing of a daemon is touched, and no clock is looked at.
"""

from logwatch.simulation.replaying import ReplayFile, TimeRange, Totals
from logwatch.simulation.simulation import SimulatedAlert, Simulation

__all__ = ["ReplayFile", "SimulatedAlert", "Simulation", "TimeRange", "Totals"]
