/* What rules are called. */
select tool, rule, min(name) as name
from (
  select distinct tool, rule, name from latest_verdicts
  union
  select distinct tool, rule, name from previous_verdicts
)
group by tool, rule
