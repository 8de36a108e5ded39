DELETE FROM waiting WHERE replica = $1 OR lease_until < clock_timestamp()
