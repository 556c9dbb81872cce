"""Ridge logistic regression on plain arrays, summed column by column: one row scores exactly as among a million."""

from __future__ import annotations

import numpy as np

from agent.signals.tabular.columns import Array, Columns, Encoder, Numeric, codes, standardise, width

LEAST_SLOPE = 0.05


def sigmoid(logit: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -35.0, 35.0))))


def log_losses(y: Array, score: Array) -> Array:
    """Log-loss of each row from its logit."""
    return np.asarray(np.logaddexp(0.0, score) - y * score)


def fit_logistic(x: Array, y: Array, ridge: float, weights: Array | None = None, start: Array | None = None) -> Array:
    """Newton's method with halved steps; returns (intercept, coefficients); the intercept is free."""
    w = np.ones(len(y)) if weights is None else weights
    x1 = np.column_stack([np.ones(len(y)), x])
    penalty = np.full(x1.shape[1], ridge)
    penalty[0] = 1e-6
    rate = np.clip(np.average(y, weights=w), 1e-4, 1 - 1e-4)
    beta = np.zeros(x1.shape[1]) if start is None else start.copy()
    if start is None:
        beta[0] = np.log(rate / (1 - rate))

    def objective(b: Array) -> float:
        return float(w @ log_losses(y, x1 @ b) + 0.5 * penalty @ b**2)

    value = objective(beta)
    for _ in range(50):
        p = sigmoid(x1 @ beta)
        gradient = x1.T @ (w * (p - y)) + penalty * beta
        hessian = (x1 * (w * p * (1 - p))[:, None]).T @ x1
        hessian[np.diag_indices_from(hessian)] += penalty + 1e-9
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while (new := objective(beta - size * step)) > value and size > 1e-6:
            size /= 2
        beta = beta - size * step
        if value - new < 1e-8 * len(y):
            break
        value = new
    return beta


def logistic_parts(encoder: Encoder, beta: Array, columns: Columns) -> dict[str, Array]:
    """Each column's part of the logit, elementwise (no matrix product: exact for any batch size)."""
    parts, at = {}, 1
    for name, spec in encoder.items():
        if isinstance(spec, Numeric):
            part = beta[at] * standardise(spec, columns[name])
            if spec.has_missing:
                part = part + beta[at + 1] * ~np.isfinite(columns[name])
        else:
            part = beta[at : at + len(spec.levels)][codes(spec, columns[name])]
        parts[name] = part
        at += width(spec)
    return parts


def logistic_scores(encoder: Encoder, beta: Array, columns: Columns) -> Array:
    """Logits, summed column by column."""
    total: Array | float = beta[0]
    for part in logistic_parts(encoder, beta, columns).values():
        total = total + part
    return np.asarray(total)


def fit_platt(y: Array, score: Array, weights: Array | None = None, pull: float = 5.0) -> tuple[float, float]:
    """Intercept and slope on the logit, pulled to (0, 1); a slope that would fall below `LEAST_SLOPE` is held there.

    `pull` is the prior's weight: the information of about `pull` rows on the slope and of a twentieth of it on the
    intercept, so that a shifted base rate is followed soon and the ranking's strength slowly.
    """
    w = np.ones(len(y)) if weights is None else weights
    spread = float(np.average((score - np.average(score, weights=w)) ** 2, weights=w)) + 1e-9
    prior = np.array([pull * 0.05, pull * spread])
    both = _platt(y, score, w, prior, np.array([0.0, 1.0]), 2)
    if both[1] < LEAST_SLOPE:
        both = _platt(y, score, w, prior, np.array([0.0, LEAST_SLOPE]), 1)
    return float(both[0]), float(both[1])


def _platt(y: Array, score: Array, w: Array, prior: Array, start: Array, free: int) -> Array:
    """Newton's method on (intercept, slope) or, with `free` 1, on the intercept alone."""
    x = np.column_stack([np.ones(len(y)), score])
    at, centre = start.copy(), np.array([0.0, 1.0])
    for _ in range(40):
        p = sigmoid(x @ at)
        gradient = x.T @ (w * (p - y)) + prior * (at - centre)
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(prior)
        step = np.linalg.solve(hessian[:free, :free], gradient[:free])
        step *= min(1.0, 2.0 / (np.abs(step).max() + 1e-12))
        at[:free] -= step
        if np.abs(step).max() < 1e-9:
            break
    return at
