-- Small expressions every file uses.
create macro wall_clock(sent) as case when length(trim(sent)) = 16 then try_cast(trim(sent) as timestamp) end;
create macro offset_at(wall, d) as case
    when d.day is null then null
    when d.change_from is null or wall < d.change_from then d.before_s
    when wall < d.change_to then null
    else d.after_s
end;
create macro utc(wall, offset_s) as make_timestamptz(epoch_us(wall) - offset_s * 1000000);
create macro date_fault(sent) as
    case when regexp_full_match(trim(sent), '\d{{4}}-\d\d(-\d\d)?( \d\d:\d\d)?') then 'impossible_date' else 'unreadable' end;
create macro instant_fault(sent, wall) as
    case when wall is null then date_fault(sent) else 'nonexistent_local_time' end;
create macro number_fault(sent) as
    case when try_cast(trim(sent) as double) is null then 'unreadable' else 'out_of_range' end;
create macro scale_fault(number) as case when number is null then 'unreadable' else 'out_of_scale' end;
create macro partial_date(sent) as case length(trim(sent))
    when 10 then case when try_cast(trim(sent) as date) is not null then trim(sent) end
    when 7 then case when try_cast(trim(sent) || '-01' as date) is not null then trim(sent) end
    when 4 then case when try_cast(trim(sent) || '-01-01' as date) is not null then trim(sent) end
end;
create macro first_day(dtc) as (dtc || right('-01-01', 10 - length(dtc)))::date;
create macro last_day_of(dtc) as case length(dtc)
    when 10 then dtc::date when 7 then last_day((dtc || '-01')::date) when 4 then (dtc || '-12-31')::date
end;
create macro date_part_imputed(dtc) as case length(dtc) when 7 then 'D' when 4 then 'M' end;
create macro ynu(surely, maybe) as case when surely then 'Y' when maybe then 'U' else 'N' end;
create macro yn(flag) as case when flag then 'Y' when not flag then 'N' end;
create macro study_day(d, day1) as case when d >= day1 then d - day1 + 1 else d - day1 end;
create macro prorated(total, n, k) as case when n = k then total::double when n >= 0.8 * k then total::double * k / n end;
create macro off_target(d, target) as d - target - (d > 0 and target < 0)::int + (d < 0 and target > 0)::int;
