"""From words to dialogue acts."""

from dialogs.understanding.protocol import Context, Understander

__all__ = ["Context", "Understander"]
