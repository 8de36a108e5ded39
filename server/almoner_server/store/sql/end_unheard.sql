-- Ends those of our sessions that wait for us although we wait for them, which frees what they have locked.
WITH unheard AS MATERIALIZED (  -- first find them all, then end them: conditions side by side have no order
    SELECT pid
    FROM pg_stat_activity
    WHERE
        pid = any($1::int [])
        AND application_name = $2
        AND wait_event = 'ClientRead'
        AND state_change < clock_timestamp() - $3::interval
)
SELECT pid FROM unheard WHERE pg_terminate_backend(pid)
