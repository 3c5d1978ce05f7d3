/* What became of the findings of each rule between the two runs. */
select
  rule,
  any_value(name) as name,
  arg_min(severity, position) as severity,
  tool,
  count(*) filter (change = 'new') as new,
  count(*) filter (change = 'fixed') as fixed,
  count(*) filter (change = 'still') as still,
  count(*) filter (change = 'undecided') as undecided,
  count(*) filter (change = 'waived') as waived,
  count(*) filter (change = 'not comparable') as not_comparable
from changes
left join names using (tool, rule)
left join severities using (severity)
group by tool, rule
order by new desc, fixed desc, still desc, tool, rule
