with customers as (

    select * from {{ ref('customer_360') }}

),

documents as (

    select
        entity_id,
        {{ json_object({
            'id': json_text('entity_id'),
            'name': json_object({
                'given': json_text('given_name'),
                'family': json_text('surname'),
            }),
            'address': json_object({
                'street_number': json_text('street_number'),
                'line_1': json_text('address_1'),
                'line_2': json_text('address_2'),
                'suburb': json_text('suburb'),
                'postcode': json_text('postcode'),
                'state': json_text('state'),
            }),
            'date_of_birth': json_text('date_of_birth'),
            'identifiers': json_object({
                'crm_customer_id': json_text('crm_customer_id'),
                'loyalty_member_id': json_text('loyalty_member_id'),
                'household_id': json_number('household_id'),
            }),
            'purchases': json_object({
                'lifetime_sales': json_number('lifetime_sales'),
                'baskets': json_number('baskets'),
                'units': json_number('units'),
                'average_basket_value': json_number('average_basket_value'),
                'discount_share': json_number('discount_share'),
                'first_purchase_date': json_text('first_purchase_date'),
                'last_purchase_date': json_text('last_purchase_date'),
                'favourite_department': json_text('favourite_department'),
            }),
        }) }} as document
    from customers

),

-- The hash lets an API answer "not modified" without comparing documents.
hashed as (

    select
        entity_id,
        document,
        md5(document) as etag
    from documents

)

select * from hashed
