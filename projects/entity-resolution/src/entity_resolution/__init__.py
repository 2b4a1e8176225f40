"""Finds which records are the same person with Splink and keeps one golden record for each."""
