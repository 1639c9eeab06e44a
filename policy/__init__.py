"""Implementations of the Policy protocol: what to do next, ask, recommend or wait."""
