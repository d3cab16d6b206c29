"""Reading a camera's inspection bundle without trusting the camera, the broker or us.

Rule: everything is computed anew from the bytes: chain, tree, signatures, and every
decision, with the camera's own pure rules. What cannot be checked is said, not assumed.
"""
