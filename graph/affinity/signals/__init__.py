"""Signals: raw measures of how well items fit what is known of a person; an affinity calibrates one or many."""
