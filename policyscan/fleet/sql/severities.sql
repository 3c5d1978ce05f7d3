/* Failures by severity that nobody waived. */
select
  severity,
  count(verdict) as findings,
  count(distinct workspace) as workspaces
from severities
left join (
  select * from latest_verdicts where verdict = 'fail' and not waived
) using (severity)
group by severity, position
order by position
