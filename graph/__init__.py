"""What is known before anybody speaks: catalogue, interactions, item-attribute graph, affinity; and the belief."""
