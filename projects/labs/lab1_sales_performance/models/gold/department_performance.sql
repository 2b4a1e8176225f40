{{ weekly_performance('department', 'entity as department') }}
