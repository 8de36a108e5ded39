UPDATE holds AS hold
SET held = new.held::jsonb, spent = new.spent::jsonb, state = new.state, expire_time = new.expire_time,
    settle_time = new.settle_time
FROM unnest(
    $1::text [], $2::uuid [], $3::text [], $4::text [], $5::smallint [], $6::timestamptz [], $7::timestamptz []
) AS new (namespace, id, held, spent, state, expire_time, settle_time)
WHERE hold.namespace = new.namespace AND hold.id = new.id
