{# The surrogate key of the product that stands for all products missing in the product list. #}
{% macro unknown_product_key() -%}
    {{ surrogate_key([-1, 1]) }}
{%- endmacro %}
