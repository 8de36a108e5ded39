-- Keeps limits, groups and settings as they are until the transaction ends.
SELECT name FROM namespaces WHERE name = ANY($1::text []) ORDER BY name FOR SHARE
