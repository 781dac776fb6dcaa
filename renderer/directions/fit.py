"""Fit a linear model to labelled latents; the direction in which what it says grows.

Source: Shen et al. 2020, arXiv:1907.10786: the normal of the hyperplane that separates two classes.

The normal n of few samples is mistaken most along the axes on which w hardly varies, and those make up most of a
latent space; C n, with the covariance C of w, is mistaken most along the axes on which it varies much. The balanced
direction, C^(1/2) n, lies between: its error is the same along every axis. In z, where C is 1, all three are one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.directions.labels import Labelled
from renderer.directions.model import Spread
from renderer.errors import LatentFileError

Method = Literal["ridge", "logistic", "svm"]
METHODS: tuple[Method, ...] = ("ridge", "logistic", "svm")
LEAST_SAMPLES, LEAST_OF_CLASS = 10, 5
PENALTIES = np.logspace(-2, 4, 13)  # of ridge, of which cross-validation chooses one
END = 1 / 3  # of numbers, the share at either end that a classifier takes for a class
FOLDS = 5

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Hold a unit vector, float32 [dim] or [rows, dim], the method, and how well labels not seen were told.

    score is the share of classes that were right, of 0.5 to be had by guessing, or R² of numbers, of 0.
    """

    vector: Tensor
    method: Method
    score: float
    samples: int

    @property
    def measure(self) -> str:
        """Return what the score is."""
        return "R²" if self.method == "ridge" else "accuracy"

    @property
    def is_guess(self) -> bool:
        """Say whether the labels cannot be told from the latents much better than by guessing."""
        return self.score < (0.1 if self.method == "ridge" else 0.6)


def fit_direction(
    samples: Labelled, spread: Spread | None, method: Method | None = None, *, normal: bool = False
) -> Fitted:
    """Return the direction of labelled latents.

    spread  that of w; None in z
    method  ridge regression of numbers (or of classes as 0 and 1), logistic regression or a linear support vector
            machine of classes, or of the upper and lower third of numbers; by default ridge of numbers, else logistic
    normal  whether to take the normal of the hyperplane as it is, instead of balancing it
    Raises LatentFileError for too few samples.
    """
    method = method or ("logistic" if samples.classes else "ridge")
    latents = samples.latents.double().reshape(len(samples.latents), -1).numpy()
    labels = samples.labels
    if method != "ridge" and not samples.classes:
        latents, labels = ends(latents, labels)
    check_counts(labels, method, samples)
    width = samples.latents.shape[-1]
    scale = 1.0 if spread is None else float(spread.covariance.trace() / width) ** 0.5
    centred = (latents - latents.mean(0)) / scale
    score = cross_validated(centred, labels, method)
    vector = torch.from_numpy(np.ravel(estimator(method).fit(centred, labels).coef_))
    vector = vector.reshape(samples.latents.shape[1:])
    if spread is not None and not normal:
        vector = vector @ spread.root
    if float(vector.norm()) == 0 or not bool(vector.isfinite().all()):
        raise LatentFileError(
            f"{samples.origin}: the labels have nothing to do with the latents; no direction was found"
        )
    return Fitted((vector / vector.norm()).float(), method, score, len(labels))


def ends(latents: Array, labels: Array) -> tuple[Array, Array]:
    """Return the samples at either end of the labels, as classes 0 and 1."""
    low, high = np.quantile(labels, (END, 1 - END))
    if low == high:
        low, high = labels.mean(), labels.mean()
    chosen = (labels < low) | (labels > high)
    return latents[chosen], (labels[chosen] > high).astype(np.float64)


def check_counts(labels: Array, method: Method, samples: Labelled) -> None:
    """Raise LatentFileError for fewer samples than a direction can be found from."""
    if len(labels) < LEAST_SAMPLES:
        raise LatentFileError(f"{samples.origin}: expected {LEAST_SAMPLES} samples or more, got {len(samples.labels)}")
    if samples.classes or method != "ridge":
        for value, name in enumerate(samples.classes or ("low", "high")):
            if (count := int((labels == value).sum())) < LEAST_OF_CLASS:
                raise LatentFileError(
                    f"{samples.origin}: expected {LEAST_OF_CLASS} samples of {name!r} or more, got {count}"
                )


def estimator(method: Method) -> Any:
    """Return an untrained model of scikit-learn."""
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.svm import LinearSVC

    if method == "ridge":
        return RidgeCV(alphas=PENALTIES)
    balanced = {"class_weight": "balanced", "max_iter": 5000}
    return LogisticRegression(**balanced) if method == "logistic" else LinearSVC(C=0.1, random_state=0, **balanced)


def cross_validated(latents: Array, labels: Array, method: Method) -> float:
    """Return the mean score over samples that were left out in turn."""
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

    split = KFold if method == "ridge" else StratifiedKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fold may not converge; the score says what that means
        folds = split(FOLDS, shuffle=True, random_state=0)
        return float(cross_val_score(estimator(method), latents, labels, cv=folds).mean())
