/* Workspaces by their failures, weighed by severity. */
with
weighed as (
  select
    workspace,
    coalesce(sum(weight) filter (verdict = 'fail' and not waived), 0)::bigint as weight,
    count(*) filter (verdict = 'fail' and not waived and severity = 'critical') as critical,
    count(*) filter (verdict = 'fail' and not waived and severity = 'high') as high,
    count(*) filter (verdict = 'fail' and not waived and severity = 'medium') as medium,
    count(*) filter (verdict = 'fail' and not waived and severity = 'low') as low,
    count(*) filter (verdict in ('unknown', 'error') and not waived) as undecided,
    count(*) filter (waived) as waived
  from latest_verdicts
  left join severities using (severity)
  group by workspace
)
select weighed.*, plans, not_judged
from weighed
join latest_workspaces using (workspace)
where weight > 0
order by weight desc, workspace
