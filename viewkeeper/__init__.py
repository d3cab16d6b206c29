"""Viewkeeper: keeps a fixed public-safety camera honest.

This package signposts the rooms and holds what all their command lines share. Each room
is a top-level folder of the project, because each is deployed somewhere of its own; the
links beside this file give them one import name
(docs/decisions/0002-folders-and-packages.md).
"""
