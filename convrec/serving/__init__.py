"""convrec in front of people: the action server that Rasa calls, and what it is made of.

``sealing`` carries a talk through other people's hands, ``heard`` reads messages and buttons, ``messages`` writes
replies with buttons and cards, ``desk`` answers a turn, ``actions`` and ``app`` speak Rasa's protocol;
``page_routes`` serves the page, and ``outlook`` tells it what the agent thinks.
"""
