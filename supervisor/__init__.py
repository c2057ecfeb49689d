"""Keeps long agent sessions awake, connected and within reach; runs without a screen."""

__version__ = "0.1.0"
