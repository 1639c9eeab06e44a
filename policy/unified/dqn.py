"""Deep Q-learning on the unified action space: double, dueling, prioritised, n-step and masked, on stable-baselines3.

van Hasselt, Guez and Silver 2016 (double), Wang et al. 2016 (dueling), Schaul et al. 2016 (prioritised), Sutton 1988
(n-step); Deng et al. 2021 (one action space for asking and recommending, UNICORN).

Legend: B transitions, E environments, K slots.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import Tensor, nn

from graph.catalogue import Catalogue
from policy.unified.agent import tensors
from policy.unified.network import UnifiedNetwork, may_be_busy
from policy.unified.replay import PrioritizedReplay
from policy.unified.unicorn import UnicornNetwork
from simulator.environments.observations import Observation


class _Values(QNetwork):
    """A network behind the face that stable-baselines3 expects."""

    def __init__(
        self,
        network: UnifiedNetwork | UnicornNetwork,
        catalogue: Catalogue,
        observation_space: spaces.Space[Any],
        action_space: Any,
    ) -> None:
        super(QNetwork, self).__init__(observation_space, action_space)
        self.network, self._catalogue = network, catalogue

    @property
    def catalogue(self) -> Catalogue:
        """What the ids of the observations are about."""
        return self._catalogue

    def forward(self, obs: Any) -> Tensor:
        """Values of the slots, shape (B, K)."""
        return self.network.values(tensors(obs, self._catalogue, self.device))


class UnifiedDQNPolicy(DQNPolicy):
    """Online and target network, whole encoders both."""

    def __init__(self, *arguments: Any, make_network: Any, catalogue: Catalogue, **options: Any) -> None:
        self._make_network, self._catalogue = make_network, catalogue
        super().__init__(*arguments, **options)

    def make_q_net(self) -> QNetwork:
        """A network of its own."""
        made = _Values(self._make_network(), self._catalogue, self.observation_space, self.action_space)
        return made.to(self.device)


class UnifiedDQN(DQN):
    """DQN with what it lacks: masks, double targets, importance weights, exploration drawn for each dialogue."""

    replay_buffer: PrioritizedReplay

    def __init__(self, *arguments: Any, explorer_seed: int = 0, beta: float = 0.4, **options: Any) -> None:
        self._explorer = np.random.default_rng(explorer_seed)
        self._beta = beta
        super().__init__(*arguments, **options)

    @property
    def online(self) -> _Values:
        """The network that learns."""
        assert isinstance(self.q_net, _Values)
        return self.q_net

    @property
    def target(self) -> _Values:
        """The network that follows it."""
        assert isinstance(self.q_net_target, _Values)
        return self.q_net_target

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        assert isinstance(self._last_obs, dict)
        actions = self.explore(self._last_obs, self.exploration_rate)
        return actions, actions

    def explore(self, seen: Observation, rate: float) -> NDArray[np.int64]:
        """The best slots, but now and then another open one; waiting is only tried where somebody may be busy."""
        with torch.no_grad():
            best = self.online(seen).argmax(dim=1).cpu().numpy()
        mask, slots = np.asarray(seen["mask"], bool), np.asarray(seen["slots"], np.float32)
        tried = mask.copy()
        tried[:, -1] &= may_be_busy(torch.as_tensor(seen["moment"])).numpy() | ~mask[:, :-1].any(axis=1)
        lots = self._explorer.random(mask.shape)
        # A kind of act first, then one of its kind: else twenty lists would crowd out ten questions.
        kinds = np.where(slots[:, :, :3] > 0, self._explorer.random((len(mask), 1, 3)), 0.0).sum(axis=2)
        other = np.where(tried, kinds * 2.0 + lots / (1.0 + 4.0 * slots[:, :, 7]), -1.0).argmax(axis=1)
        return np.where(self._explorer.random(len(best)) < rate, other, best)

    def train(self, gradient_steps: int, batch_size: int = 128) -> None:
        """Learn from some samples of what was seen."""
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        beta = 1.0 - (1.0 - self._beta) * self._current_progress_remaining
        losses = []
        for _ in range(gradient_steps):
            sample = self.replay_buffer.draw(batch_size, beta)
            returns, discounts, weights = (
                torch.as_tensor(part, device=self.device) for part in (sample.returns, sample.discounts, sample.weights)
            )
            with torch.no_grad():
                following = tensors(sample.next_seen, self.online.catalogue, self.device)
                chosen = self.online.network.values(following).argmax(dim=1, keepdim=True)
                later = self.target.network.values(following).gather(1, chosen)[:, 0]
                target = returns + discounts * later
            actions = torch.as_tensor(sample.actions, device=self.device)
            value = self.q_net(sample.seen).gather(1, actions[:, None])[:, 0]
            errors = value - target
            loss = (weights * nn.functional.smooth_l1_loss(value, target, reduction="none")).mean()
            self.policy.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.q_net.parameters(), self.max_grad_norm)
            self.policy.optimizer.step()
            self.replay_buffer.set_priorities(sample.places, errors.detach().cpu().numpy().astype(np.float64))
            losses.append(float(loss.detach()))
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", float(np.mean(losses)))
