-- core.population: the analysis populations of each participant, and which of them a record in doubt could change
-- Grain: study, site, subject_id
-- Reads: core.subject, core.subject_dose, core.doubtful_dose, core.deviation, core.possible_deviation, ref.major_deviation
-- Why:   a population is made of what is certain: randomized on a day that is known, dosed by a record that says so, without a
--        deviation that is certain. Its flags are Y or N, never null (ADaM); what could still change one is named, and told by a rule
with major as (
    select study, site, subject_id, count(*) as n_major,
    from core.deviation
    where is_major
    group by study, site, subject_id
),
possible as (
    select distinct p.study, p.site, p.subject_id,
    from core.possible_deviation as p
    semi join ref.major_deviation as j on p.study = j.study and p.dvdecod = j.dvdecod
)

select
    s.unit,
    s.study,
    s.site,
    s.subject_id,
    s.is_randomized is true as is_itt,
    coalesce(d.n_doses, 0) > 0 as is_safety,
    s.is_randomized is true and m.n_major is null as is_per_protocol,
    nullif(concat_ws(
        ', ',
        case when s.is_randomized is null then 'ITTFL' end,
        case when d.n_doses is null and q.n_doubtful > 0 then 'SAFFL' end,
        case when m.n_major is null and s.is_randomized is not false and (s.is_randomized is null or p.subject_id is not null) then 'PPROTFL' end
    ), '') as in_doubt,
    s.record_key,
    s.source_file,
    s.source_row,
from core.subject as s
left join core.subject_dose as d on s.study = d.study and s.site = d.site and s.subject_id = d.subject_id
left join core.doubtful_dose as q on s.study = q.study and s.site = q.site and s.subject_id = q.subject_id
left join major as m on s.study = m.study and s.site = m.site and s.subject_id = m.subject_id
left join possible as p on s.study = p.study and s.site = p.site and s.subject_id = p.subject_id
