"""What must survive: sessions that were alive, devices, the audit log, answers given, titles.

One sqlite file, one thread. What was promised is on disk before the promise is given.
"""
