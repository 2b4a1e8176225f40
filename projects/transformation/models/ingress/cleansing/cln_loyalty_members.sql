{{ cleansed_persons(ref('stg_loyalty__members'), id='member_id', others=['household_id']) }}
