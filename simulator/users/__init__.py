"""Simulated users: each kind is one file.  Only they know the item that is looked for."""

from simulator.users.classic import ClassicUsers
from simulator.users.protocol import SimulatedUsers, parse_users, user_types

__all__ = ["ClassicUsers", "SimulatedUsers", "parse_users", "user_types"]
