with clusters as (

    select * from {{ ref('slv_household_clusters') }}

),

-- Scores have mean 0 and deviation 1 over all households: a centre says how far from the whole its cluster is.
centres as (

    select
        cluster,
        count(*) as households,
        cast(avg(monetary_score) as decimal(18, 4)) as monetary_score,
        cast(avg(frequency_score) as decimal(18, 4)) as frequency_score,
        cast(avg(recency_score) as decimal(18, 4)) as recency_score,
        cast(avg(promotion_score) as decimal(18, 4)) as promotion_score
    from clusters
    group by cluster

),

-- Half a deviation from the whole is worth a word.
described as (

    select
        *,
        case
            when monetary_score >= 0.5 then 'high-spending'
            when monetary_score <= -0.5 then 'low-spending'
            else 'medium-spending'
        end
        || case
            when recency_score >= 0.5 then ' lapsing'
            when frequency_score >= 0.5 then ' frequent'
            when frequency_score <= -0.5 then ' occasional'
            else ' regular'
        end
        || case
            when promotion_score >= 0.5 then ' promotion seekers'
            when promotion_score <= -0.5 then ' full-price buyers'
            else ' shoppers'
        end as words
    from centres

),

-- By the centre again, never by the cluster's number, which says nothing.
ranked as (

    select
        *,
        count(*) over (partition by words) as namesakes,
        row_number() over (
            partition by words
            order by monetary_score desc, frequency_score desc, recency_score asc, promotion_score desc, households desc
        ) as spend_rank
    from described

),

named as (

    select
        cluster,
        households,
        monetary_score,
        frequency_score,
        recency_score,
        promotion_score,
        upper(words[1])
        || words[2:]
        || if(namesakes > 1, ', ' || spend_rank || ' of ' || namesakes || ' by spend', '') as segment
    from ranked

)

select * from named
