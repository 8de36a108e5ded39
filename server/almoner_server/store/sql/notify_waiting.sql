-- Only where some replica has callers that wait; also to this one.
SELECT pg_notify($1, $2) WHERE EXISTS (SELECT 1 FROM waiting WHERE lease_until > clock_timestamp())
