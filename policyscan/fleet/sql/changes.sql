/* What became of each finding between the two runs. Nothing is fixed where the later run did not
   judge, and nothing new where the earlier one did not. */
with
pairs as (
  select
    coalesce(l.workspace, p.workspace) as workspace,
    coalesce(l.tool, p.tool) as tool,
    coalesce(l.rule, p.rule) as rule,
    coalesce(l.address, p.address) as address,
    coalesce(l.position, p.position) as position,
    p.state as was,
    l.state as is_now
  from latest_states as l
  full join previous_states as p
    on l.workspace = p.workspace and l.tool = p.tool
    and l.rule = p.rule and l.address = p.address
  where l.state = 'fail' or p.state = 'fail'
),
doubts as (
  select
    pairs.*,
    case
      when pw.workspace is null then 'not in the earlier run'
      when not pw.is_judged then 'not judged in the earlier run'
      when tool = 'checkov' and not pw.has_checkov then 'no Checkov in the earlier run'
    end as earlier,
    case
      when lw.workspace is null then 'not in the later run'
      when not lw.is_judged then 'not judged in the later run'
      when tool = 'checkov' and not lw.has_checkov then 'no Checkov in the later run'
    end as later
  from pairs
  left join previous_workspaces as pw using (workspace)
  left join latest_workspaces as lw using (workspace)
),
judged as (
  select
    *,
    case
      when was = 'fail' and is_now = 'fail' then 'still'
      when is_now = 'fail' and (was is not null or earlier is null) then 'new'
      when is_now = 'fail' then 'not comparable'
      when is_now = 'waived' then 'waived'
      when is_now is not null then 'undecided'
      when later is null then 'fixed'
      else 'not comparable'
    end as change
  from doubts
)
select
  change,
  workspace,
  tool,
  rule,
  severity,
  address,
  was,
  is_now,
  case when change = 'not comparable' then coalesce(case when is_now = 'fail' then earlier end, later)
  end as why
from judged
left join severities using (position)
