"""The actions that Rasa calls, on rasa-sdk: each answers a turn at the desk and hands the state back as a slot."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, ReminderScheduled, SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from convrec.serving.answering import Answerer
from convrec.serving.backend import Backend
from convrec.serving.backend import Step as Answer
from convrec.serving.messages import Message, for_rasa
from dialogs.session import SILENCE_S

STATE = "convrec_state"
"""The slot in which Rasa keeps where the talk stands."""

SILENCE = "silence"
"""The intent of a reminder: nothing was said for a while."""

EXTERNAL = "EXTERNAL: "
"""How Rasa begins the text of an intent that nobody has said."""

TOO_SLOW = Message("That took me longer than it should. Please say it once more.")


class _Turn(Action):  # type: ignore[misc]  # rasa-sdk has no types
    """Answers one turn; kinds differ in what they take for the message."""

    kind = ""

    def __init__(self, answerer: Answerer[Backend], silence_s: float) -> None:
        self._answerer, self._silence_s = answerer, silence_s

    def name(self) -> str:
        return f"action_convrec_{self.kind}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """One turn of the conversation that the tracker is of."""
        turn = await self._answer(tracker)
        channel = tracker.get_latest_input_channel() or ""
        for said in for_rasa((TOO_SLOW,) if turn is None else turn.messages, channel):
            dispatcher.utter_message(**said)
        if turn is None:
            return []
        events = [SlotSet(STATE, turn.sealed)]
        if turn.waits:
            events += [FollowupAction("action_listen"), _reminder(tracker.sender_id, self._silence_s)]
        return events

    async def _answer(self, tracker: Tracker) -> Answer | None:
        """What the turn comes to; None where it took too long."""
        sealed = tracker.slots.get(STATE)
        metadata = tracker.latest_message.get("metadata")
        return await self._answerer(
            tracker.sender_id, Backend.step, tracker.sender_id, sealed if isinstance(sealed, str) else None,
            self._text(tracker), metadata if isinstance(metadata, dict) else None,
        )  # fmt: skip

    def _text(self, tracker: Tracker) -> str:
        return f"/{self.kind}"


class Step(_Turn):
    """Answers whatever was typed or pressed, or the silence."""

    kind = "step"

    def _text(self, tracker: Tracker) -> str:
        return text_of(tracker.latest_message)


class Why(_Turn):
    """Says why the question is asked, or the list is shown."""

    kind = "why"


class Undo(_Turn):
    """Takes back what was said last."""

    kind = "undo"


class Restart(_Turn):
    """Begins anew."""

    kind = "restart"


class Start(_Turn):
    """Says the first word."""

    kind = "start"

    async def _answer(self, tracker: Tracker) -> Answer | None:
        return await self._answerer(tracker.sender_id, Backend.open, tracker.sender_id)


def text_of(message: dict[str, Any]) -> str:
    """What was typed, or what the button that was pressed sends; a reminder's intent reads like a button."""
    text = message.get("text")
    if not isinstance(text, str):
        return ""
    if not text.startswith(EXTERNAL):
        return text
    entities = {
        each["entity"]: each.get("value")
        for each in message.get("entities") or ()
        if isinstance(each, dict) and isinstance(each.get("entity"), str)
    }
    return f"/{text.removeprefix(EXTERNAL)}{json.dumps(entities) if entities else ''}"


def _reminder(sender: str, silence_s: float) -> EventType:
    """Wakes the agent when nothing is said; the next message of this person cancels it."""
    rings = datetime.now(UTC).astimezone() + timedelta(seconds=silence_s)
    return ReminderScheduled(SILENCE, rings, name=f"convrec silence of {sender}", kill_on_user_message=True)


class Feedback(Action):  # type: ignore[misc]  # rasa-sdk has no types
    """Takes a rating from 1 to 5, from the entity ``stars``."""

    def __init__(self, rated: Callable[[int], None]) -> None:
        self._rated = rated

    def name(self) -> str:
        return "action_convrec_feedback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Count the rating and say thank you."""
        stars = next(tracker.get_latest_entity_values("stars"), None)
        if str(stars) not in {"1", "2", "3", "4", "5"}:
            dispatcher.utter_message(text="How was it, from 1 to 5?", buttons=STARS)
            return []
        self._rated(int(str(stars)))
        dispatcher.utter_message(text="Thank you.")
        return [SlotSet("convrec_stars", int(str(stars)))]


STARS = [{"title": str(stars), "payload": f'/feedback{{"stars": {stars}}}'} for stars in range(1, 6)]


def executor(answerer: Answerer[Backend], rated: Callable[[int], None], silence_s: float = SILENCE_S) -> ActionExecutor:
    """Everything that Rasa may call.

    :param silence_s: seconds of silence after which Rasa is asked to wake the agent.
    """
    found = ActionExecutor()
    for kind in (Start, Step, Why, Undo, Restart):
        found.register_action(kind(answerer, silence_s))
    found.register_action(Feedback(rated))
    return found
