"""Simulate a flow: the real scheduler on virtual time, in an order that a seed decides, with faults of your choice.

`simulate` makes one run, `explore` many, `exhaust` every one there is, and `crash_everywhere` crashes and resumes one
after each of its events. In all of them, every rule of flowing's is asked after every event.
"""

from flowing.testing.crashes import Crashes, crash_everywhere
from flowing.testing.exhaustion import Exhaustion, exhaust
from flowing.testing.exploration import Exploration, explore
from flowing.testing.failures import SimulationFailed, TooBig
from flowing.testing.faults import Faults, SimulatedFault
from flowing.testing.schedules import schedules
from flowing.testing.simulation import Simulation, simulate
from flowing.testing.simulator import Simulator

__all__ = [
    "Crashes",
    "Exhaustion",
    "Exploration",
    "Faults",
    "SimulatedFault",
    "Simulation",
    "SimulationFailed",
    "Simulator",
    "TooBig",
    "crash_everywhere",
    "exhaust",
    "explore",
    "schedules",
    "simulate",
]
