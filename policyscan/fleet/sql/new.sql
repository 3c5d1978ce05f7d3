/* Failures that the earlier run, which judged these workspaces, did not have. */
select severity, workspace, rule, name, tool, address, was, message
from changes
left join severities using (severity)
where change = 'new'
order by position, workspace, tool, rule, address
