"""SmolLM2 as anybody would run it first: transformers, exact weights, everything read anew for each reply.

What making it quick is measured against; nobody talks with it.
"""

import json
from pathlib import Path

import safetensors.numpy
import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from dialogs.generation.requests import Request
from dialogs.generation.smollm2.generator import Manner
from dialogs.generation.smollm2.llama import unpacked
from dialogs.generation.smollm2.places import ARRAYS, CONFIG, TOKENIZER
from dialogs.generation.smollm2.wording import STAND_INS, fields_of, shown
from dialogs.generation.templates import fill


class Plain:
    """Draws among all words, and its reply may be anything."""

    def __init__(self, folder: Path, manner: Manner | None = None) -> None:
        self._manner = manner or Manner()
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        config = LlamaConfig(**json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        self.model = LlamaForCausalLM(config)
        self.model.eval()  # type: ignore[no-untyped-call]
        arrays = unpacked(safetensors.numpy.load_file(folder / ARRAYS))
        self.model.load_state_dict({name: torch.from_numpy(each) for name, each in arrays.items()}, strict=False)
        self.model.tie_weights()

    def reply(self, request: Request, seed: int) -> str:
        """One reply, not verified."""
        torch.manual_seed(seed)
        asked = self._spell(shown(request.kind, request.noun))
        (end,) = self._spell("\n")
        with torch.inference_mode():
            said = self.model.generate(  # type: ignore[misc]
                torch.tensor([asked]), attention_mask=torch.ones(1, len(asked), dtype=torch.long), do_sample=True,
                temperature=self._manner.temperature, top_p=self._manner.top, top_k=0,
                max_new_tokens=self._manner.longest, eos_token_id=end, pad_token_id=end,
            )[0, len(asked) :]  # fmt: skip
        return fill(self._pattern(self._tokenizer.decode(said.tolist()), request.kind), request)

    def _spell(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _pattern(self, text: str, kind: str) -> str:
        """A text with fields in the place of what stood for them."""
        text = text.strip().replace("{", "(").replace("}", ")")
        for field in fields_of(kind):
            text = text.replace(STAND_INS[field], f"{{{field}}}", 1)
        return text
