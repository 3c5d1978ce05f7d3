/* Workspaces that only one of the two runs judged, with the failures nothing can be said of. */
with
doubted as (
  select
    coalesce(l.workspace, p.workspace) as workspace,
    case
      when p.workspace is null then 'not in the earlier run'
      when l.workspace is null then 'not in the later run'
      when not p.is_judged and not l.is_judged then 'not judged in either run'
      when not p.is_judged then 'not judged in the earlier run'
      when not l.is_judged then 'not judged in the later run'
      when l.has_checkov and not p.has_checkov then 'no Checkov in the earlier run'
      when p.has_checkov and not l.has_checkov then 'no Checkov in the later run'
    end as why,
    coalesce(l.reason, p.reason) as reason
  from latest_workspaces as l
  full join previous_workspaces as p on l.workspace = p.workspace
),
counted as (
  select workspace, count(*) as findings
  from changes
  where change = 'not comparable'
  group by workspace
)
select workspace, why, coalesce(findings, 0) as findings, reason
from doubted
left join counted using (workspace)
where why is not null
order by findings desc, why, workspace
