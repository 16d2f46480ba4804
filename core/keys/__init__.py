"""Sign, check, seal and keep keys; the only importer of `cryptography`.

Nothing here knows a command, an event or a route. A secret never stands in a log, a repr or an error.
"""
