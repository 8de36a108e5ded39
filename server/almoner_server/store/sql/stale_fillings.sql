SELECT namespace, target_kind, target_id, token FROM pool_fillings WHERE start_time < almoner_now() - $1::interval
