{{ weekly_performance('brand', 'entity as brand') }}
