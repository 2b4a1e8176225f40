"""SQL as both engines take it: names, types, what a catalog holds, and where one engine's way differs from the other's.

All of it makes and reads text: an open warehouse has it as its `dialect` and by `relations`.
"""
