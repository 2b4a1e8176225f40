-- The next load: names changed, a product listed late, another gone, sales new, corrected and gone, customers changed and gone.
update raw.pos_products set department = 'STRASSE', _dlt_load_id = '1763886400.0000005' where product_id = 90000001;
update raw.pos_products set department = 'obst &  gemüse', _dlt_load_id = '1763886400.25' where product_id = 90000002;
update raw.pos_products set manufacturer_id = 4, _dlt_load_id = '1763886400.25' where product_id = 90000004;
update raw.pos_products set package_size = null, _dlt_load_id = '1763886400.25' where product_id = 90000005;
update raw.pos_products set product_type = 'GASOLINE', _dlt_load_id = '1763886400.25' where department = 'MEAT' and product_id % 2 = 0;
delete from raw.pos_products where product_id = 90000006;
insert into raw.pos_products
    (product_id, manufacturer_id, department, brand, product_category, product_type, package_size, _dlt_load_id)
values (90009999, 1, 'late', 'National', 'late', 'late', '1', '1763886400.25');
update raw.pos_transactions set sales_value = sales_value + 0.005, _dlt_load_id = '1763886400.5' where basket_id in (900001, 900003);
update raw.pos_transactions set quantity = quantity + 1, _dlt_load_id = '1763700000.5' where product_id % 11 = 3;
delete from raw.pos_transactions where product_id % 13 = 5 and household_id < 900000 or basket_id = 900002 and product_id = 90000001;
insert into raw.pos_transactions
    (household_id, store_id, basket_id, product_id, quantity, sales_value, retail_disc, coupon_disc, coupon_match_disc, week, transaction_timestamp, _dlt_load_id)
values
    (900007, 3, 900007, 90000001, 2, 3.335, 0.335, 0, 0, 4, '2025-11-23 08:26:40', '1763886400.5'),
    (900007, 3, 900008, 90000002, 2, 3.335, 0.335, 0, 0, 4, '2025-11-23 08:26:40.25', '1763886400.5'),
    (900007, 3, 900009, 90000006, 2, 3.335, 0.335, 0, 0, 4, '2030-01-01 00:00:00', '1763700000.5'),
    (900007, 3, 900010, 90009999, 2, 3.335, 0.335, 0, 0, 4, '2017-01-01 00:00:00', '1763886400.5');
update raw.crm_customers set suburb = chr(160) || 'Bega ', _dlt_load_id = '1763886401.25' where customer_id in ('N-2', 'N-5') or customer_id < 'C-00200';
update raw.crm_customers set _dlt_load_id = '1763886401.25' where customer_id between 'C-00300' and 'C-00400';
update raw.crm_customers set given_name = null, _dlt_load_id = '1763886401.25' where customer_id = 'N-7';
delete from raw.crm_customers where customer_id in ('N-3', 'C-00500');
update raw.loyalty_members set household_id = 900006, _dlt_load_id = '1763886402.25' where member_id = 'M-1';
update raw.loyalty_members set birth_date = '', _dlt_load_id = '1763886402.25' where member_id = 'M-2';
-- An ERP, of which the first load knew nothing.
create table raw.erp_suppliers
    (supplier_id bigint, name varchar, article_count bigint, attributes varchar, changed_at timestamptz, _dlt_load_id varchar);
insert into raw.erp_suppliers values
    (1, ' Großhandel "Süd" ', 2, '{"a": [1.50, null], "b": "\u00e9"}', '2017-03-26 02:30:00.123456+01', '1763886403.25'),
    (2, '', null, null, '2017-10-29 02:30:00+02', '1763886403.25');
create table raw.erp_articles
    (article_id bigint, supplier_id bigint, description varchar, department varchar, brand varchar, package_size varchar,
    listed_on date, is_own_brand boolean, changed_at timestamptz, _dlt_load_id varchar);
insert into raw.erp_articles values
    (90000001, 1, 'it''s', 'straße', null, '', '1900-01-01', true, '1969-12-31 23:59:59.999999+00', '1763886403.25'),
    (90000002, 2, null, null, null, null, null, null, null, '1763886403.25');
create table raw.erp_article_prices
    (article_id bigint, week bigint, unit_price decimal(12, 4), currency varchar, changed_at timestamptz, _dlt_load_id varchar);
insert into raw.erp_article_prices values
    (90000001, 1, 99999999.9999, 'EUR', '2017-01-01 00:00:00-11', '1763886403.25'),
    (90000001, 2, 0.0001, '', '2017-01-01 00:00:00+14', '1763886403.25'),
    (90000002, 1, 1.5, null, null, '1763886403.25')
