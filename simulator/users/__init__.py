"""Kinds of simulated users, one file each over the shared people; they compose with "+"."""

from simulator.users.kinds import HELD_OUT, KINDS
from simulator.users.population import Population, parse_users, user_types
from simulator.users.protocol import SimulatedUsers, UserType

__all__ = ["HELD_OUT", "KINDS", "Population", "SimulatedUsers", "UserType", "parse_users", "user_types"]
