INSERT INTO waiting (replica, lease_until) VALUES ($1, clock_timestamp() + $2::interval)
ON CONFLICT (replica) DO UPDATE SET lease_until = excluded.lease_until
