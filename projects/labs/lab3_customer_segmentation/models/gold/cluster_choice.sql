with choice as (

    select * from {{ ref('slv_cluster_choice') }}

)

select * from choice
