-- Back again: a product and a customer, one as it was and one changed.
insert into raw.pos_products
    (product_id, manufacturer_id, department, brand, product_category, product_type, package_size, _dlt_load_id)
values (90000006, 6, '_a', 'National', 'same', 'same', 'same', '1763800000.5');
insert into raw.crm_customers
    (customer_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, _dlt_load_id)
values ('N-3', 'Ipek', 'Isik', '1', 'a', null, 'ß', '2000', 'nsw', '20000229', '1763986400.5')
