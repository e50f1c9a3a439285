-- core.subject_suds: how high a participant's fear ratings reach that were declared on 0-100 or 1-100
-- Grain: study, site, subject_id
-- Reads: intake.rating, core.site_suds
-- Why:   one therapist's sheet may be on another scale than the site's; site_highest_suds tells whether the whole site is
select
    r.unit,
    r.study,
    r.site,
    r.subject_id,
    r.subject_id as record_key,
    arg_min(r.source_file, r.row_id) as source_file,
    arg_min(r.source_row, r.row_id) as source_row,
    count(r.begin_suds) + count(r.peak_suds) + count(r.end_suds) as n_ratings,
    max(greatest(r.begin_suds, r.peak_suds, r.end_suds)) as highest_suds,
    any_value(s.highest_suds) as site_highest_suds,
from intake.rating as r
inner join core.site_suds as s on r.unit = s.unit and r.study = s.study and r.site = s.site
where r.scale in ('0-100', '1-100')
group by r.unit, r.study, r.site, r.subject_id
