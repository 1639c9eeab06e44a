"""Words to dialogue acts and back: understanding, replies, and the agent that takes one step of a conversation."""
