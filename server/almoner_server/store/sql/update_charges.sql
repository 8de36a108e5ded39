UPDATE charges AS charge
SET net = new.net::jsonb, open = new.open
FROM unnest($1::text [], $2::uuid [], $3::text [], $4::boolean []) AS new (namespace, id, net, open)
WHERE charge.namespace = new.namespace AND charge.id = new.id
