"""From dialogue acts to words that say no more than the acts do."""
