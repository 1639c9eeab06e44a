"""Conversations between a policy and simulated users: acts, history, people, environments, evaluation."""

from simulator.environments import register

register()
