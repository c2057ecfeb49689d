"""Keeps long agent sessions awake, connected and within reach; runs without a screen."""
