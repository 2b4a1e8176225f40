{{ cleansed_persons(ref('stg_crm__customers'), id='customer_id') }}
