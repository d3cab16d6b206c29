"""The built-in street, drawn from nothing: flat textured surfaces in a small world of metres.

Rule: numpy and Pillow drawing only, no file read, every choice from one seeded generator. World
axes as everywhere: X right, Y down, Z forward, the camera at the origin; ground at +camera height.
"""
