"""What a critic is trained to maximise: one scalar per batch, so one backward pass gives both terms' gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from infoplane.common.runtime import tensorflow
from infoplane.critics.networks import Scores

ObjectiveName = Literal["mine", "nwj", "infonce", "smile", "cross_entropy"]


@dataclass(frozen=True)
class Objective:
    """A training objective by name.

    The state that it carries from step to step is the log of the moving average of mean e^f.
    """

    name: ObjectiveName
    ema_decay: float = 0.99

    def loss(self, scores: Scores, log_average: Any, step: Any) -> tuple[Any, Any, Any]:
        """Loss of a batch, its objective in nats (for the learning curve), and the next state.

        Args:
            scores: the critic's scores on the batch.
            log_average: state, scalar; -inf before the first step.
            step: number of this step, from 1, float scalar.
        """
        if self.name == "mine":
            return self._mine(scores, log_average, step)
        value = {"nwj": _nwj, "infonce": _infonce, "smile": _jensen_shannon, "cross_entropy": _log_likelihood}[
            self.name
        ](scores)
        return -value, value, log_average

    def _mine(self, scores: Scores, log_average: Any, step: Any) -> tuple[Any, Any, Any]:
        """Donsker-Varadhan with the gradient of log mean e^f divided by a moving average of mean e^f.

        Source: Belghazi et al. 2018, eq. (12); the average, begun at 0, is divided by 1 - decay^step, else the first
        gradients of the second term are 1 / (1 - decay) times too large.
        """
        tf = tensorflow()
        log_mean = tf.stop_gradient(_log_mean_exp(scores))
        log_average = next_log_average(log_average, log_mean, self.ema_decay)
        denominator = log_average - tf.math.log1p(-tf.pow(self.ema_decay, step))
        joint = tf.reduce_mean(scores.joint)
        marginal = tf.reduce_sum(tf.exp(scores.marginal + (scores.log_weight - denominator)))
        return marginal - joint, joint - log_mean, log_average


def next_log_average(log_average: Any, log_mean: Any, decay: float) -> Any:
    """log(decay e^log_average + (1 - decay) e^log_mean), not yet corrected for its start at 0."""
    tf = tensorflow()
    old = log_average + (math.log(decay) if decay else -math.inf)
    new = log_mean + math.log1p(-decay)
    top = tf.maximum(old, new)
    return top + tf.math.log(tf.exp(old - top) + tf.exp(new - top))


def _log_mean_exp(scores: Scores) -> Any:
    return tensorflow().reduce_logsumexp(scores.marginal + scores.log_weight)


def _nwj(scores: Scores) -> Any:
    """mean f - e^-1 mean e^f. Source: Nguyen, Wainwright & Jordan 2010."""
    tf = tensorflow()
    return tf.reduce_mean(scores.joint) - tf.reduce_sum(tf.exp(scores.marginal + (scores.log_weight - 1.0)))


def _infonce(scores: Scores) -> Any:
    """mean f_ii - log mean over K contrasts, the true pair among them. Source: van den Oord et al. 2018."""
    tf = tensorflow()
    rows = tf.cast(tf.shape(scores.joint)[0], tf.float32)
    if scores.own_pairs:
        contrasted = tf.reduce_logsumexp(scores.marginal + (scores.log_weight + tf.math.log(rows)), axis=1)
        return tf.reduce_mean(scores.joint - contrasted)
    log_share = tf.math.log(rows * (scores.contrasts - 1.0) / scores.contrasts)
    others = tf.reduce_logsumexp(scores.marginal + (scores.log_weight + log_share), axis=1)
    own = scores.joint - tf.math.log(tf.cast(scores.contrasts, tf.float32))
    return tf.reduce_mean(scores.joint - tf.reduce_logsumexp(tf.stack([own, others]), axis=0))


def _jensen_shannon(scores: Scores) -> Any:
    """The Jensen-Shannon objective by which SMILE trains its critic. Source: Song & Ermon 2020, section 5."""
    tf = tensorflow()
    weight = tf.exp(scores.log_weight)
    marginal = tf.where(tf.math.is_inf(scores.marginal), 0.0, tf.nn.softplus(scores.marginal))
    return -tf.reduce_mean(tf.nn.softplus(-scores.joint)) - tf.reduce_sum(weight * marginal)


def _log_likelihood(scores: Scores) -> Any:
    """Mean log softmax of the true class. Its scores are those of :class:`infoplane.critics.networks.ClassScores`."""
    tf = tensorflow()
    return tf.reduce_mean(scores.joint - tf.reduce_logsumexp(scores.marginal, axis=1))
