"""The unified policy: a graph network that decides ask, recommend or wait in one action space.

What acts (:mod:`policy.unified.agent`) can be used without what learns (:mod:`policy.unified.dqn`).
"""
