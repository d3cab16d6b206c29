"""Image health: what is wrong with the picture itself, each fault with a number.

Rule: pixels and their times in, findings out; the history a measure needs is a value that the
caller keeps. This room does not know where the camera looks; that is the view's.
"""
