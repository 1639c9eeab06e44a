"""SmolLM2-135M-Instruct, a small language model that says again what templates say."""
