"""Weekly forecasts by department: models, rolling-origin backtest, their errors, and intervals calibrated by them.

The dbt models in Python of this lab call `steps`; nothing here knows of dbt or of a database.
"""
