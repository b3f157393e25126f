"""Faults as data, plans made of them, and what must hold however they come together.

A plan says how a world is made, what is built in it and what goes wrong when; `run` lets the real
loops live through it and returns every promise that was broken.
"""
