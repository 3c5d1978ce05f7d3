/* The plans that could not be judged. */
select workspace, outcome, reason, exit_code, plan, bytes, seconds, scanned_at
from latest_plans
where outcome <> 'scanned'
order by workspace, plan
