-- Small expressions every file uses. Cells come without blanks around them (handwritten.py sees to those that have any).
create macro person(sent) as case when contains(sent, '.') and regexp_full_match(sent, '[0-9]+[.]0+') then regexp_extract(sent, '[0-9]+') else sent end;
create macro is_decimal_id(sent) as coalesce(contains(sent, '.') and regexp_full_match(sent, '[0-9]+[.]0+'), false);
create macro said(sent) as case lower(sent) when 'yes' then true when 'no' then false end;
create macro number(sent) as case when regexp_full_match(sent, '[+-]?\d+(\.\d+)?') then try_cast(sent as double) end;
create macro whole(sent) as case
    when length(sent) <= 2 and regexp_full_match(sent, '\d+') then sent::integer
    when number(sent) = floor(number(sent)) then try_cast(number(sent) as integer)
end;
create macro whole_date(sent) as case when length(sent) = 10 then try_cast(sent as date) end;
create macro wall_clock(sent) as case when length(sent) = 16 then try_cast(sent as timestamp) end;
-- days outside the table of clock changes ask the database's own clock
create macro offset_at(wall, d, zone) as case
    when wall is null then null
    when d.day is null then case when timezone(zone, timezone(zone, wall)) = wall then epoch(wall) - epoch(timezone(zone, wall)) end
    when d.change_from is null or wall < d.change_from then d.before_s
    when wall < d.change_to then null
    else d.after_s
end::bigint;
create macro utc(wall, offset_s) as make_timestamptz(epoch_us(wall) - offset_s * 1000000);
create macro date_fault(sent) as
    case when regexp_full_match(sent, '\d{{4}}-\d\d(-\d\d)?( \d\d:\d\d)?') then 'impossible_date' else 'unreadable' end;
create macro instant_fault(sent, wall, offset_s, d) as case
    when offset_s is not null then null
    when wall is not null then case when d.after_s < d.before_s then 'ambiguous_local_time' else 'nonexistent_local_time' end
    when whole_date(sent) is not null then null
    when regexp_full_match(sent, '\d{{4}}-\d\d') and try_cast(sent || '-01' as date) is not null then 'partial_date'
    else date_fault(sent)
end;
-- what nobody can have sent by today, and what lies before any trial
create macro too_far(d) as case when d < date '1990-01-01' then 'date_too_early' when d > today() + 1 then 'date_in_future' end;
create macro answer_fault(sent) as case when number(sent) = floor(number(sent)) then 'out_of_scale' else 'unreadable' end;
create macro scale_fault(number) as case when number is null then 'unreadable' else 'out_of_scale' end;
-- an amount with its unit behind it; a count of capsules before it is not for weights and ages
create macro unit_of(sent) as lower(regexp_extract(sent, '^[+-]?\d+(?:\.\d+)? *([A-Za-zµμ]*)\.?$', 1));
create macro size_of(sent) as try_cast(regexp_extract(sent, '^([+-]?\d+(?:\.\d+)?) *[A-Za-zµμ]*\.?$', 1) as double);
create macro partial_date(sent) as case length(sent)
    when 10 then case when try_cast(sent as date) is not null then sent end
    when 7 then case when try_cast(sent || '-01' as date) is not null then sent end
    when 4 then case when try_cast(sent || '-01-01' as date) is not null then sent end
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
create macro told(list) as unnest(list_filter(list, x -> x is not null));

-- signs of a letter that was read in another encoding, or lost
create macro is_garbled(text) as regexp_matches(text, '[ÂÃÅÄ][^\x00-\x7FÀ-ÿ]|[ÂÃÅÄ][\x{{80}}-\x{{BF}}]|â€|ï»¿|√\S|\x{{FFFD}}|\pL\?\pL');
