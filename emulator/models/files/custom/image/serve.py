"""Answers a prediction request with the fitted model."""

import joblib

MODEL = joblib.load("model.joblib")
