/* Failures that the earlier run, which judged these workspaces, did not have. */
select c.severity, c.workspace, c.rule, n.name, c.tool, c.address, c.was, v.plan, v.message
from changes as c
join latest_verdicts as v
  on v.workspace = c.workspace and v.tool = c.tool
  and v.rule = c.rule and v.address = c.address
left join names as n on n.tool = c.tool and n.rule = c.rule
left join severities as s on s.severity = c.severity
where c.change = 'new' and v.verdict = 'fail' and not v.waived
order by s.position, c.workspace, c.tool, c.rule, c.address, v.plan, v.message
