"""What Rasa sends."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")

    text: str | None = Field(default=None, max_length=20_000)
    entities: list[dict[str, Any]] | None = None


class _Tracker(BaseModel):
    model_config = ConfigDict(extra="allow")

    sender_id: str = Field(min_length=1, max_length=512)
    slots: dict[str, Any] = Field(default_factory=dict)
    latest_message: _Message | None = None
    events: list[dict[str, Any]] = Field(default_factory=list)


class ActionCall(BaseModel):
    """What Rasa asks for; see https://rasa.com/docs/rasa/pages/action-server-api."""

    model_config = ConfigDict(extra="ignore")

    next_action: str = Field(min_length=1, max_length=200)
    sender_id: str | None = Field(default=None, max_length=512)
    tracker: _Tracker
