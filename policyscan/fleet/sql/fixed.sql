/* Failures of the earlier run that are gone from workspaces the later run judged. */
select severity, workspace, rule, name, tool, address, message
from changes
left join severities using (severity)
where change = 'fixed'
order by position, workspace, tool, rule, address
