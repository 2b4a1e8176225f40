{# Part of fct_sales: delete the lines that raw does not have any more, in the transaction that writes the others. #}
{% macro delete_vanished_sales() -%}
    {# Outside the condition, or dbt would not see that fct_sales depends on it. #}
    {% set transactions = ref('stg_pos__transactions') %}
    {% if execute and is_incremental() %}
        {% set from_vanished %}
            from {{ this }} as loaded
            where not exists (
                select 1
                from {{ transactions }} as lines
                where
                    lines.household_id = loaded.household_id
                    and lines.basket_id = loaded.basket_id
                    and lines.product_id = loaded.product_id
            )
        {% endset %}
        {# Asked first: mostly there are none, and PostgreSQL looks for rows with several processes but deletes with one. #}
        {% if run_query('select count(*) ' ~ from_vanished).columns[0].values()[0] > 0 %}
            delete {{ from_vanished }}
        {% endif %}
    {% endif %}
{%- endmacro %}
