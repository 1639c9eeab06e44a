"""Simulated conversations: acts, histories, candidates, the batched core, simulated users, metrics, evaluation."""
