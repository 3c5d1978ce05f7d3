/* What is found of each instance: one row for each finding, however often a plan has it. */
select
  workspace,
  tool,
  rule,
  address,
  min(position) as position,
  case
    when bool_or(verdict = 'fail' and not waived) then 'fail'
    when bool_or(verdict = 'error') then 'error'
    when bool_or(verdict = 'unknown' and not waived) then 'unknown'
    else 'waived'
  end as state
from {verdicts}
left join severities using (severity)
where verdict not in ('pass', 'na')
group by workspace, tool, rule, address
