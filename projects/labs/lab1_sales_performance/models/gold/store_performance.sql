{{ weekly_performance('store', 'cast(entity as integer) as store_id') }}
