"""The rules of the sync, pure: standard library only, no clock, no randomness, no logging."""
