SELECT namespace.name AS namespace, due.id
FROM namespaces AS namespace
CROSS JOIN LATERAL (
    SELECT hold.id, hold.expire_time
    FROM holds AS hold
    WHERE hold.namespace = namespace.name AND hold.state = 1 AND hold.expire_time <= (SELECT almoner_now())
    ORDER BY hold.expire_time
    LIMIT $1
) AS due
ORDER BY due.expire_time
