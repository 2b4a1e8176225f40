-- What real data has too: rows beside the sample on which engines could disagree. In DuckDB's SQL; PostgreSQL gets the rows.
insert into raw.pos_products
    (product_id, manufacturer_id, department, brand, product_category, product_type, package_size, _dlt_load_id)
values
    (90000001, 1, '  straße  ', 'National', 'a' || chr(9) || chr(10) || ' b', '', null, '1763800000.1234565'),
    (90000002, 2, chr(160) || 'Obst & Gemüse' || chr(12288), 'Private', 'o''Neill "quoted" \ back', 'gasoline-reg unleaded', '22 lb', '1763800000.1234575'),
    (90000003, 3, 'ΣΑΣ', null, 'İstanbul ﬁsh', chr(7) || 'bell' || chr(27), '½ ℓ', '1763800000.5'),
    (90000004, null, 'z', 'National', '🍎🍏', 'e' || chr(769) || ' is not é', '%d {{ x }} $1', '1763800000.5'),
    (90000005, 5, 'Z', 'National', 'same', 'same', 'same', '1763800000.5'),
    (90000006, 6, '_a', 'National', 'same', 'same', 'same', '1763800000.5'),
    (90000007, 7, 'ä', 'National', 'same', 'same', 'same', '1763800000.5'),
    (90000008, 8, '-a', 'National', 'same', 'same', 'same', '1763800000.5'),
    (90000009, 9, 'a', 'National', 'same', 'same', 'same', '1763800000.5'),
    (90000010, 10, 'Ａ', 'National', 'same', 'same', 'same', '1763800000.5');
insert into raw.pos_transactions
    (household_id, store_id, basket_id, product_id, quantity, sales_value, retail_disc, coupon_disc, coupon_match_disc, week, transaction_timestamp, _dlt_load_id)
values
    -- Halves of cents, as they are written and as a computer holds them.
    (900001, 1, 900001, 90000001, 1, 1.005, 0.125, 0.005, 0.015, 1, '2017-01-01 00:00:00', '1763800000.5'),
    (900001, 1, 900001, 90000002, 1, 2.675, 2.665, 1.115, 8.345, 1, '2017-01-01 00:00:00', '1763800000.5'),
    (900001, 1, 900001, 90000003, 1, 70361.635, 0.29, 0, 0, 1, '2017-06-30 23:59:59.999999', '1763800000.5'),
    -- Shares that are halves in the last digit: 0.00005, 0.00015, 0.12345.
    (900002, 1, 900002, 90000001, 1, 199.99, 0.01, 0, 0, 53, '2017-12-31 23:59:59', '1763800000.5'),
    (900002, 1, 900002, 90000002, 1, 199.97, 0.03, 0, 0, 53, '2017-12-31 23:59:59', '1763800000.5'),
    (900002, 1, 900002, 90000003, 1, 1753.1, 246.9, 0, 0, 53, '2017-12-31 23:59:59', '1763800000.5'),
    -- No discount known, nothing sold, something for nothing, returns, an amount too large for a till.
    (900003, 2, 900003, 90000001, 0, 0, null, null, null, 2, '2017-01-08 12:00:00.5', '1763800000.5'),
    (900003, 2, 900003, 90000002, 0, 3.5, null, 0.5, null, 2, '2017-01-08 12:00:00.5', '1763800000.5'),
    (900003, 2, 900003, 90000003, -3, -2.005, 0.5, 0, 0, 2, '2017-01-08 12:00:00.5', '1763800000.5'),
    (900003, 2, 900003, 90000004, 9223372036, 12345678901.23, 0, 0, 0, 2, '2017-01-08 12:00:00.5', '1763800000.5'),
    -- Not listed: one never, one not yet.
    (900004, 2, 900004, 90008888, 1, 5, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5'),
    (900004, 2, 900004, 90009999, 1, 6, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5'),
    -- As much in each department, so the smallest product wins; and two households with as much as one another.
    (900005, 2, 900005, 90000010, 1, 7, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5'),
    (900005, 2, 900005, 90000009, 1, 7, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5'),
    (900005, 2, 900005, 90000008, 1, 7, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5'),
    (900006, 2, 900006, 90000005, 1, 10.5, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5'),
    (900006, 2, 900006, 90000006, 1, 10.5, 0, 0, 0, 3, '2017-01-15 12:00:00', '1763800000.5');
insert into raw.crm_customers
    (customer_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, _dlt_load_id)
values
    (' N-1 ', '  Zoë   ÅSA ', 'O''Brien "Bob" \', '12' || chr(9) || 'a', chr(160), '', chr(8195) || 'Müllheim', '800', ' NT', '19450493', '1763800001.5'),
    ('N-2', 'ΝΙΚΟΣ', 'ΠΑΠΑΔΟΠΟΥΛΟΣ', null, '北京市', '', '  ', '40 53', 'nsw', '19000229', '1763800001.5'),
    ('N-3', 'İpek', 'IŞIK', '1e5', '🏠' || chr(13) || chr(10) || '2', null, 'ß', 'abcd', '', '20000229', '1763800001.5'),
    ('N-4', '', '', '', '', '', '', '', '', '', '1763800001.5'),
    ('N-5', null, null, null, null, null, null, null, null, null, '1763800001.5'),
    ('N-6', 'a' || chr(11) || 'b' || chr(31) || 'c' || chr(127), 'x' || chr(8) || '\u000b', 'null', 'NULL', '<&>', '/', '0000', 'XX', '00000000', '1763800001.5'),
    ('N-7', 'e' || chr(769), 'é', '１２', '-', '_', 'ﬁ', '１２３４', 'act', '１９９００１０１', '1763800001.5'),
    ('N-8', 'future', 'born', '1', 'a', 'b', 'c', '1234', 'vic', '20991231', '1763800001.5'),
    ('N-9', 'too', 'long', '1', 'a', 'b', 'c', '12345', 'vic', '2001-02-293', '1763800001.5');
insert into raw.loyalty_members
    (member_id, first_name, last_name, street_no, street, building, city, post_code, region, birth_date, household_id, _dlt_load_id)
values
    ('M-1', 'Zoe', 'OBrien', '12 a', '', '', 'Müllheim', '0800', 'nt', '1945-04-93', 900001, '1763800002.5'),
    ('M-2', 'two', 'cards', '1', 'a', 'b', 'c', '1234', 'vic', '1999-12-31', 900005, '1763800002.5'),
    ('M-3', 'two', 'cards', '1', 'a', 'b', 'c', '1234', 'vic', '19991231', 900006, '1763800002.5'),
    ('M-4', 'no', 'household', '1', 'a', 'b', 'c', '1234', 'vic', '1999-2-3', null, '1763800002.5')
